//! Servers and the load generator as processes, the server on a core of its own.

use std::env;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value};

use crate::scenarios::Scenario;
use crate::servers::Server;
use crate::{Outcome, Run};

pub(crate) type Line = Map<String, Value>;

pub(crate) struct Lab {
    target: PathBuf,
    server_core: usize,
    load_core: usize,
    secs: f64,
}

impl Lab {
    pub(crate) fn new(run: &Run) -> Outcome<Self> {
        let &[server_core, load_core] = run.cores.as_slice() else {
            return Err("two cores are needed".into());
        };
        Ok(Lab { target: run.target.clone(), server_core, load_core, secs: run.secs })
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    pub(crate) fn secs(&self) -> f64 {
        self.secs
    }

    /// `hold`: for how many seconds idle clients stay.
    pub(crate) fn measure(&self, scenario: &Scenario, server: &Server, hold: f64) -> Outcome<Line> {
        let mut first = self.start(server, scenario.crosses(), &[])?;
        let mut second = if scenario.crosses() { Some(self.start(server, true, &[])?) } else { None };
        // A broadcast a second: as many as make a figure.
        let secs = if scenario.name == "bigfan" { (2.5 * self.secs).max(5.0) } else { self.secs };
        let arguments = [("hold", &hold as &dyn ToString), ("secs", &secs)];
        self.load(scenario.name, server.name, &mut first, second.as_mut(), &arguments)
    }

    /// Starts a server and waits until it accepts connections.
    pub(crate) fn start(
        &self,
        server: &Server,
        in_cluster: bool,
        environment: &[(&str, &str)],
    ) -> Outcome<Running> {
        self.start_on(self.server_core, server, in_cluster, environment)
    }

    /// The same beside the load generator, for servers that are not measured.
    pub(crate) fn start_aside(&self, server: &Server, environment: &[(&str, &str)]) -> Outcome<Running> {
        self.start_on(self.load_core, server, true, environment)
    }

    fn start_on(
        &self,
        core: usize,
        server: &Server,
        in_cluster: bool,
        environment: &[(&str, &str)],
    ) -> Outcome<Running> {
        let port = free_port()?;
        let mut command = pinned_to(core, &server.command);
        command.envs(server.environment.iter().copied()).envs(environment.iter().copied());
        command.env("PORT", port.to_string());
        match env::var("REDIS_URL") {
            Ok(_) if in_cluster => {}
            Err(_) if in_cluster => return Err("this needs Redis: set REDIS_URL".into()),
            _ => _ = command.env_remove("REDIS_URL"),
        }
        let mut running =
            Running { child: command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?, port };
        let begin = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = running.child.try_wait()? {
                return Err(format!("the server did not come up: {status}").into());
            }
            if begin.elapsed() > Duration::from_secs(30) {
                return Err("the server does not accept connections".into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(running)
    }

    /// What the load generator says of a server.
    pub(crate) fn load(
        &self,
        scenario: &str,
        name: &str,
        first: &mut Running,
        second: Option<&mut Running>,
        arguments: &[(&str, &dyn ToString)],
    ) -> Outcome<Line> {
        let mut command = vec![self.target.join("server/load").display().to_string(), scenario.to_owned()];
        let mut flag =
            |flag: &str, value: &dyn ToString| command.extend([format!("--{flag}"), value.to_string()]);
        flag("name", &name);
        flag("port", &first.port);
        flag("pid", &first.child.id());
        if let Some(second) = second {
            flag("port2", &second.port);
            flag("pid2", &second.child.id());
        }
        for (name, value) in arguments {
            flag(name, *value);
        }
        self.said(&command, self.load_core)
    }

    /// What our program `name` says that measures itself, on the server's core.
    pub(crate) fn own(&self, name: &str) -> Outcome<Vec<Line>> {
        let command = [self.target.join("server").join(name).display().to_string()];
        let output = pinned_to(self.server_core, &command).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{name} ended with {}", output.status).into());
        }
        str::from_utf8(&output.stdout)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    fn said(&self, command: &[String], core: usize) -> Outcome<Line> {
        let mut load = pinned_to(core, command);
        let mut load = load.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let begin = Instant::now();
        // What it says fits in its pipes.
        while load.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                load.kill()?;
                load.wait()?;
                return Err(format!("no end after {} s", PATIENCE.as_secs()).into());
            }
            sleep(Duration::from_millis(20));
        }
        let output = load.wait_with_output()?;
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout)?);
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into())
    }
}

/// A server that runs; dropped, it is asked to end, and made to after ten seconds.
pub(crate) struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begin.elapsed() > Duration::from_secs(10) {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}

fn pinned_to(core: usize, command: &[String]) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.arg("-c").arg(core.to_string()).args(command);
    pinned
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// One run of the load generator, which itself waits no longer for a server that is slow.
const PATIENCE: Duration = Duration::from_secs(300);
