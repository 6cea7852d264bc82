//! A load balancer as a process: nginx or HAProxy.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use tokio::net::TcpSocket;

use crate::brokers::variable;
use crate::wait::until;

/// One that ends with the test.
#[derive(Debug)]
pub struct Balancer {
    pub port: u16,
    process: Child,
}

impl Balancer {
    /// `scripts/sticky-proxy`, once it takes connections.
    pub async fn start(kind: &str, mode: &str, tls: bool, nodes: &[u16]) -> Self {
        Self::with(kind, mode, nodes, |command| {
            if tls {
                command.env("TLS_FILES", variable("BROKERS_TLS_FILES"));
            }
        })
        .await
    }

    /// The same without TLS, of HAProxy, which asks the nodes at `health` whether they are ready.
    pub async fn asking(health: &str, mode: &str, nodes: &[u16]) -> Self {
        Self::with("haproxy", mode, nodes, |command| {
            command.env("HEALTH", health);
        })
        .await
    }

    async fn with(kind: &str, mode: &str, nodes: &[u16], set: impl FnOnce(&mut Command)) -> Self {
        let port = free_port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/sticky-proxy");
        let mut command = Command::new(script);
        command.arg(kind).arg(port.to_string()).arg(mode).args(nodes.iter().map(u16::to_string));
        command.stdin(Stdio::null()).env_remove("TLS_FILES").env_remove("HEALTH");
        set(&mut command);
        let mut balancer = Balancer { port, process: command.spawn().expect("bash") };
        until("the load balancer to listen", || {
            let ended = balancer.process.try_wait().expect("it is ours");
            assert!(ended.is_none(), "{kind} has ended: {ended:?}; `make test` installs it");
            std::net::TcpStream::connect(("127.0.0.1", port)).map(drop)
        })
        .await;
        balancer
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // Asked to end, the script takes what it has started along.
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        if asked.is_ok() {
            let _ = self.process.wait();
        }
    }
}

/// A port on which nobody listens, for a process that is told its own.
///
/// It stays bound until the test's program ends, so that the kernel gives it to nobody else; listened to it can be all the same, by
/// whoever sets `SO_REUSEADDR`, as servers do.
pub fn free_port() -> u16 {
    static BOUND: Mutex<Vec<TcpSocket>> = Mutex::new(Vec::new());
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a socket's option");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port is free");
    let port = socket.local_addr().expect("it is bound").port();
    BOUND.lock().expect("nobody panics in between").push(socket);
    port
}
