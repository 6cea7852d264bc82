//! The chat and the worker by themselves.

use std::process::Stdio;

use integration_tests::brokers;
use integration_tests::wait::within;
use socketio_core::Sid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::pages;

/// A program that ends with the test.
struct Node {
    url: String,
    _child: Child,
    _stdout: BufReader<ChildStdout>,
}

/// A node of the chat on a port of its own.
async fn node(arguments: &[&str]) -> Node {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chat"))
        .arg(pages::client())
        .args(["--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the chat starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let url = within("the chat to say where it is", async {
        loop {
            let mut line = String::new();
            assert_ne!(stdout.read_line(&mut line).await.expect("it is text"), 0, "the chat ended");
            if let Some((_, url)) = line.split_once("The chat is on  ") {
                return url.trim().to_owned();
            }
        }
    });
    Node { url: url.await, _child: child, _stdout: stdout }
}

/// What `chat` says as it refuses its arguments.
async fn refusal(arguments: &[&str]) -> String {
    let running = Command::new(env!("CARGO_BIN_EXE_chat"))
        .arg(pages::client())
        .args(["--port", "0"])
        .args(arguments)
        .kill_on_drop(true)
        .output();
    let output = within("the chat to end", running).await.expect("the chat starts");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("it is text")
}

async fn two_nodes_are_one_chat(url: &str) {
    let channel = format!("test-{}", Sid::generate());
    let arguments = ["--manager", url, "--channel", &channel];
    let (one, other) = tokio::join!(node(&arguments), node(&arguments));
    pages::hold("all_chat", &[&one.url, &other.url]).await;
}

#[tokio::test]
async fn nodes_are_one_chat_over_redis() {
    two_nodes_are_one_chat(&brokers::url("REDIS_URL")).await;
}

#[tokio::test]
async fn nodes_are_one_chat_over_amqp() {
    two_nodes_are_one_chat(&brokers::url("AMQP_URL")).await;
}

#[tokio::test]
async fn nodes_are_one_chat_over_kafka() {
    two_nodes_are_one_chat(&brokers::url("KAFKA_URL")).await;
}

#[tokio::test]
async fn a_manager_that_nobody_knows_is_refused_without_telling_its_password() {
    let said = refusal(&["--manager", "postgres://me:secret@localhost"]).await;
    assert_eq!(said, "chat: --manager takes redis://…, amqp://… or kafka://…\n");
    for url in ["redis", "amqp", "kafka"].map(|scheme| format!("{scheme}://me:secret@localhost:what")) {
        let said = refusal(&["--manager", &url]).await;
        assert!(said.starts_with("chat: ") && !said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn the_bar_moves_for_the_client_that_asked() {
    let (url, channel) = (brokers::url("REDIS_URL"), format!("test-{}", Sid::generate()));
    let arguments = ["--manager", &url, "--channel", &channel, "--jobs", &url];
    let _worker = Command::new(env!("CARGO_BIN_EXE_worker"))
        .args(arguments)
        .kill_on_drop(true)
        .spawn()
        .expect("the worker starts");
    let (one, other) = tokio::join!(node(&arguments), node(&arguments));
    pages::hold("the_bar_moves_for_the_client_that_asked", &[&one.url, &other.url]).await;
}

#[tokio::test]
async fn the_command_in_the_readme_reaches_a_browser() {
    let readme = include_str!("../../../README.md");
    let mut commands = readme.lines().filter(|line| line.starts_with("redis-cli PUBLISH"));
    let (command, None) = (commands.next().expect("it is there"), commands.next()) else {
        panic!("there are several")
    };
    let url = brokers::url("REDIS_URL");
    let node = node(&["--manager", &url]).await;
    // The Redis of the tests is not where Redis usually is.
    let command = command.replacen("redis-cli", &format!("redis-cli -u {url}"), 1);
    pages::hold("the_shell_is_heard", &[&node.url, &command]).await;
}
