//! The servers that can be measured: how each is started, and which version it is of. All fulfil the contract in bench/README.md.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    /// Without this file it cannot be run.
    needs: PathBuf,
    pub(crate) version: String,
}

impl Server {
    pub(crate) fn ours(target: &Path) -> Self {
        let program = target.join("server/socketio-bench");
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Server {
            name: "ours",
            command: vec![text(&program)],
            environment: Vec::new(),
            needs: program,
            version,
        }
    }

    /// `None`: nobody is called so.
    pub(crate) fn peer(name: &str, target: &Path) -> Option<Self> {
        let peers = Path::new("bench/peers");
        Some(match name {
            "floor" => {
                let program = target.join("server/floor");
                Server {
                    name: FLOOR,
                    command: vec![text(&program)],
                    environment: vec![],
                    needs: program,
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                }
            }
            "ours-2threads" => {
                let environment = vec![("RT", "multi"), ("TOKIO_WORKER_THREADS", "2")];
                Server { name: "ours-2threads", environment, ..Self::ours(target) }
            }
            "socketioxide" => {
                let program = target.join("peers/release/peer-socketioxide");
                let version = pinned(peers.join("socketioxide/Cargo.toml"), "socketioxide = \"=");
                Server {
                    name: "socketioxide",
                    command: vec![text(&program)],
                    environment: vec![],
                    needs: program,
                    version,
                }
            }
            "node" => {
                let command = vec!["node".to_owned(), text(&peers.join("node/server.js"))];
                let version = pinned(peers.join("node/package.json"), "\"socket.io\": \"");
                let needs = peers.join("node/node_modules/.installed");
                Server {
                    name: "node",
                    command,
                    environment: vec![],
                    needs,
                    version: format!("socket.io {version}"),
                }
            }
            "go" => {
                let program = peers.join("go/peer");
                let version = pinned(peers.join("go/go.mod"), "servers/socket/v3 v");
                let environment = vec![("GOMAXPROCS", "1")];
                Server {
                    name: "go",
                    command: vec![text(&program)],
                    environment,
                    needs: program,
                    version: format!("zishang520 {version}"),
                }
            }
            "python" => {
                let python = peers.join("python/.venv/bin/python");
                let command = vec![text(&python), text(&peers.join("python/server.py"))];
                let version = pinned(peers.join("python/requirements.txt"), "python-socketio==");
                let needs = peers.join("python/.venv/.installed");
                Server {
                    name: "python",
                    command,
                    environment: vec![],
                    needs,
                    version: format!("python-socketio {version}"),
                }
            }
            _ => return None,
        })
    }

    pub(crate) fn missing(&self) -> Option<&Path> {
        (!self.needs.exists()).then_some(&self.needs)
    }
}

/// What the kernel alone costs: see `lab/src/floor`.
pub(crate) const FLOOR: &str = "floor";

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What stands behind `key` in the file that pins it.
fn pinned(file: PathBuf, key: &str) -> String {
    let pins = fs::read_to_string(file).unwrap_or_default();
    let version =
        pins.split_once(key).map(|(_, rest)| rest.split(|at: char| at == '"' || at.is_whitespace()).next());
    version.flatten().unwrap_or("of unknown version").to_owned()
}
