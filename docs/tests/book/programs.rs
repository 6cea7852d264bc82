//! The whole programs of the book, run as a reader runs them: real clients meet them, and Ctrl-C ends them.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use integration_tests::client::Client;
use integration_tests::foreign;
use integration_tests::wait::until;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A program of the book.
struct Program {
    child: Child,
    address: SocketAddr,
    /// Keeps the port from everybody else: it is bound here too, and not listened to.
    _port: TcpSocket,
}

impl Program {
    fn start(name: &str) -> Self {
        let port = TcpSocket::new_v4().expect("a socket");
        port.set_reuseaddr(true).expect("it can be shared");
        port.bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
        let address = port.local_addr().expect("it is bound");
        let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
        command.arg(name).env("ADDRESS", address.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        if NEEDS_REDIS.contains(&name) {
            command.env("REDIS_URL", test_brokers::url("REDIS_URL"));
        }
        let child = command.kill_on_drop(true).spawn().expect("the program starts");
        Program { child, address, _port: port }
    }

    /// One that serves, and does so already.
    async fn serving(name: &str) -> Self {
        let mut program = Self::start(name);
        until(&format!("{name} to listen"), || {
            let ended = program.child.try_wait().expect("its status");
            assert!(ended.is_none(), "{name} ended: {ended:?}");
            std::net::TcpStream::connect(program.address).map(drop)
        })
        .await;
        program
    }

    fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ctrl-C, after which it has to end by itself and well. Gives what it has said.
    async fn stop(self) -> String {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().await.expect("kill runs");
        assert!(sent.success());
        self.ends().await
    }

    async fn ends(mut self) -> String {
        let mut said = String::new();
        let mut stdout = self.child.stdout.take().expect("it is piped");
        let ending = async {
            stdout.read_to_string(&mut said).await.expect("it is text");
            self.child.wait().await.expect("its status")
        };
        let status = timeout(Duration::from_secs(120), ending).await.expect("the program ends");
        assert!(status.success(), "{status}; it said: {said}");
        said
    }
}

async fn names() -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_book")).output().await.expect("it runs");
    String::from_utf8(output.stdout).expect("it is text").lines().map(str::to_owned).collect()
}

/// The facts of `foreign/js/guide.mjs` and `foreign/python/guide.py` about the program; both know it.
async fn meets_clients(name: &str) {
    meets(name, &["js", "python"]).await;
}

async fn meets(name: &str, clients: &[&str]) -> String {
    let program = Program::serving(name).await;
    for client in clients {
        let report = match *client {
            "js" => foreign::node("guide", program.port(), &[name]).await,
            _ => foreign::python("guide", program.port(), &[name]).await,
        };
        report.assert_holds();
    }
    program.stop().await
}

#[tokio::test]
async fn the_program_of_the_readme_meets_clients() {
    meets_clients("readme").await;
}

#[tokio::test]
async fn a_first_server_meets_clients() {
    meets_clients("start").await;
}

#[tokio::test]
async fn events_connects_and_refusals_meet_clients() {
    let said = meets("handlers", &["js", "python"]).await;
    assert!(said.contains("connect") && said.contains("disconnect"), "{said}");
}

#[tokio::test]
async fn emits_to_everybody_one_and_rooms_meet_clients() {
    meets_clients("emitting").await;
}

#[tokio::test]
async fn acks_in_both_directions_meet_clients() {
    meets_clients("acks").await;
}

#[tokio::test]
async fn namespaces_apart_meet_clients() {
    meets_clients("namespaces").await;
}

#[tokio::test]
async fn rooms_entered_and_left_meet_clients() {
    meets_clients("rooms").await;
}

#[tokio::test]
async fn sessions_saved_read_and_edited_in_a_scope_meet_clients() {
    meets_clients("sessions").await;
}

#[tokio::test]
async fn logins_by_token_and_cookie_that_expire_meet_clients() {
    meets_clients("auth").await;
}

#[tokio::test]
async fn threads_meet_clients_tick_wait_for_an_answer_and_end_at_ctrl_c() {
    let program = Program::serving("deployment_threads").await;
    let mut client = Client::websocket(program.port()).await;
    client.connect("/").await;
    client.send(r#"421["register","lobby"]"#).await;
    client.send(r#"422["sum",2,3]"#).await;
    let (mut ticks, mut answers) = (0, Vec::new());
    while ticks == 0 || answers.len() < 2 {
        match &*client.next().await {
            r#"42["tick"]"# => ticks += 1,
            r#"420["your name"]"# => client.send(r#"430["ada"]"#).await,
            answer => answers.push(answer.to_owned()),
        }
    }
    assert_eq!(answers, [r#"431["welcome, ada"]"#, "432[5]"]);
    program.stop().await;
}

#[tokio::test]
async fn origins_allowed_and_refused_meet_clients() {
    meets_clients("cross_origin").await;
}

#[tokio::test]
async fn a_handler_that_blocks_holds_up_nobody_and_meets_clients() {
    meets_clients("scaling_2").await;
}

#[tokio::test]
async fn limits_that_are_set_meet_clients_and_the_counters_are_told_at_the_end() {
    let said = meets("limits", &["js"]).await;
    assert!(said.contains("payloads_too_large: 3"), "{said}");
}

#[tokio::test]
async fn a_program_that_comes_from_node_meets_clients() {
    meets("migration_node", &["js"]).await;
}

/// The server of the scaling chapter, and the worker of the next: an event comes from a process that is no server.
#[tokio::test]
async fn an_emit_of_an_external_process_meets_clients_of_every_node() {
    let redis = test_brokers::url("REDIS_URL");
    let (one, other) = tokio::join!(Program::serving("scaling"), Program::serving("scaling"));
    let more = ["workers", &other.port().to_string(), env!("CARGO_BIN_EXE_book"), &redis];
    foreign::node("guide", one.port(), &more).await.assert_holds();
    one.stop().await;
    other.stop().await;
}

/// The chapter on brokers: its program runs the contract, and a cluster of two.
#[tokio::test]
async fn the_broker_of_the_book_is_under_a_hundred_lines_and_keeps_the_contract() {
    let chapter = include_str!("../../broker.md");
    let (_, broker) = chapter.split_once("// ---- the broker").expect("it begins");
    let (broker, _) = broker.split_once("// ---- what both sides say").expect("it ends");
    assert!(broker.lines().count() < 100, "{} lines", broker.lines().count());
    assert_eq!(Program::start("broker").ends().await, "it will do\n");
}

/// The other programs run without a broker.
const NEEDS_REDIS: &[&str] = &["scaling", "workers"];

/// Those that other tests run as they want to be run.
const RUN_ELSEWHERE: &[&str] = &["broker", "workers", "deployment_kubernetes"];

/// Whatever is in the book: what serves answers a handshake and ends by Ctrl-C, what does not ends by itself.
#[tokio::test]
async fn every_whole_program_runs_and_ends_well() {
    let names = names().await;
    assert!(names.len() >= 12, "only {names:?}");
    for name in names.into_iter().filter(|name| !RUN_ELSEWHERE.contains(&&**name)) {
        let mut program = Program::start(&name);
        let mut ended = None;
        until(&format!("{name} to listen, or to end"), || {
            ended = program.child.try_wait().expect("its status");
            let listens = std::net::TcpStream::connect(program.address).is_ok();
            if ended.is_some() || listens { Ok(()) } else { Err("neither") }
        })
        .await;
        match ended {
            Some(status) => assert!(status.success(), "{name}: {status}"),
            None => {
                let response =
                    integration_tests::http::get(program.port(), "/socket.io/?EIO=4&transport=polling").await;
                assert_eq!(response.status, 200, "{name}");
                program.stop().await;
            }
        }
    }
}
