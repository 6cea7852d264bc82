//! Several processes of a program, one port each, as the files for supervisors in `deploy/` start them.

use std::process::{Child, Command, Stdio};

use integration_tests::balancer::{Balancer, free_port};
use integration_tests::brokers::variable;
use integration_tests::foreign;
use integration_tests::wait::until;
use socketio_core::Sid;
use tokio::net::TcpListener;

const CLIENTS: &str = "6";
const PROCESSES: usize = 3;

pub(crate) async fn processes_of_threads_are_one_chat_and_one_after_the_other_is_restarted(kind: &str) {
    let channel = format!("test-{}", Sid::generate());
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        processes.push(Process::start(free_port(), &channel).await);
    }
    let ports: Vec<_> = processes.iter().map(|process| process.port).collect();
    let balancer = Balancer::start(kind, "cookie", false, &ports).await;

    let stop = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop_port = stop.local_addr().unwrap().port().to_string();
    let restarting = async {
        let asked = stop.accept().await.unwrap();
        for process in &mut processes {
            process.stop().await;
            *process = Process::start(process.port, &channel).await;
        }
        drop(asked);
        std::future::pending::<()>().await;
    };
    let arguments = [CLIENTS, stop_port.as_str()];
    tokio::select! {
        report = foreign::node("processes", balancer.port, &arguments) => report.assert_holds(),
        () = restarting => {}
    }
}

/// Both files start the same program in the same way.
#[test]
fn the_files_for_systemd_and_supervisord_agree() {
    let supervisord = include_str!("../../../deploy/supervisord.conf");
    let command = supervisord.lines().find_map(|line| line.strip_prefix("command=")).expect("a command");
    assert_eq!(command.replace("%(process_num)d", "%i"), exec_start());
    assert!(supervisord.contains("stopsignal=TERM") && SERVICE.contains("KillSignal=SIGTERM"));
}

/// A process as `chat@.service` starts it.
struct Process {
    port: u16,
    child: Child,
}

impl Process {
    async fn start(port: u16, channel: &str) -> Self {
        let command = exec_start()
            .replace("/opt/chat/blocking_chat", env!("CARGO_BIN_EXE_blocking_chat"))
            .replace(
                "/opt/chat/client",
                &foreign::foreign("node_modules/socket.io-client/dist").display().to_string(),
            )
            .replace("redis://localhost", &variable("REDIS_URL"))
            .replace("%i", &port.to_string());
        let mut words = command.split(' ');
        let child = Command::new(words.next().expect("a program"))
            .args(words)
            .args(["--channel", channel])
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("it was just built");
        let mut process = Process { port, child };
        until("the process to listen", || {
            let ended = process.child.try_wait().expect("it is ours");
            assert!(ended.is_none(), "it has ended: {ended:?}");
            std::net::TcpStream::connect(("127.0.0.1", port)).map(drop)
        })
        .await;
        process
    }

    /// As a supervisor does: SIGTERM, and the program ends by itself, with success.
    async fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(asked.success());
        let mut ended = None;
        until("the process to end", || {
            ended = self.child.try_wait().expect("it is ours");
            ended.map(drop).ok_or(())
        })
        .await;
        assert!(ended.is_some_and(|ended| ended.success()), "{ended:?}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exec_start() -> &'static str {
    SERVICE.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command")
}

const SERVICE: &str = include_str!("../../../deploy/chat@.service");
