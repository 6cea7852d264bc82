//! `socketio-emit` as a process: what it says, and with which status it ends.

#![cfg(feature = "cli")]

use std::process::{Command, Output};

fn emit(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_socketio-emit")).args(args).output().expect("it runs")
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8").trim_end()
}

#[test]
fn what_is_published_is_told_with_status_0() {
    let output = emit(&["memory://hub", "--to", "lobby", "news", r#""hello""#]);
    assert_eq!((output.status.code(), said(&output.stdout)), (Some(0), "published 1 on socketio"));
    assert!(output.stderr.is_empty(), "{}", said(&output.stderr));
}

#[test]
fn nobody_to_listen_is_status_3() {
    let output = emit(&["memory://hub", "--check"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output.stderr).starts_with("socketio-emit: nobody listens on socketio"));
}

#[test]
fn a_command_line_that_makes_no_sense_is_status_2_and_no_password_is_repeated() {
    for args in [
        &["news"][..],
        &["memory://hub"],
        &["memory://hub", "news", "hello"],
        &["http://ann:secret@h", "news"],
    ] {
        let output = emit(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!said(&output.stderr).is_empty());
        assert!(!said(&output.stderr).contains("secret"));
    }
}
