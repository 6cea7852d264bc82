//! Errors that end the server: in the log, and where there is none, on stderr.

use socketio_core::{Server, blocking};

use crate::{lines_of, start_log};

#[tokio::test]
async fn an_error_that_ends_the_server_shows_without_a_subscriber_on_stderr_once() {
    const ALONE: &str = "AN_ERROR_WITHOUT_A_SUBSCRIBER";
    if std::env::var_os(ALONE).is_some() {
        // A process of its own, which sets up no log.
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let io = Server::builder().build().unwrap();
        let error = io.serve(address, std::future::pending()).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot listen");
        return;
    }
    shows_on_stderr("fatal::an_error_that_ends_the_server_shows_without_a_subscriber_on_stderr_once", ALONE);
}

#[test]
fn an_error_that_ends_a_server_of_threads_shows_too() {
    const ALONE: &str = "AN_ERROR_OF_THREADS_WITHOUT_A_SUBSCRIBER";
    if std::env::var_os(ALONE).is_some() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let io = blocking::Server::builder().build().unwrap();
        io.serve(taken.local_addr().unwrap()).unwrap_err();
        return;
    }
    shows_on_stderr("fatal::an_error_that_ends_a_server_of_threads_shows_too", ALONE);
}

/// Runs `test` in a process of its own.
fn shows_on_stderr(test: &str, alone: &str) {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(alone, "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{stderr}");
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("the server cannot listen")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].starts_with("socketio: ") && lines[0].contains("in use"), "{}", lines[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_ends_the_server_is_in_the_log_where_there_is_one() {
    start_log();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let io = Server::builder().build().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(io.serve(address, std::future::pending()).await.is_err());
    let lines = lines_of("the server cannot listen");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("ERROR socketio:") && lines[0].contains("in use"), "{}", lines[0]);
}
