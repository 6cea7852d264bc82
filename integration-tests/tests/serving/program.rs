//! The examples as processes of their own.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use integration_tests::foreign::foreign;
use integration_tests::process::collect;
use integration_tests::wait::{until, within};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// A program that runs until the test ends.
pub(crate) struct Program {
    child: Child,
    said: Arc<Mutex<String>>,
    reading: [JoinHandle<()>; 2],
}

impl Program {
    /// `examples/standalone.rs`, once it listens.
    pub(crate) async fn standalone(arguments: &[&str]) -> Self {
        Program::start(&mut standalone(arguments)).await
    }

    /// Any command that ends up as one of the examples.
    pub(crate) async fn start(command: &mut Command) -> Self {
        let program = Program::begin(command);
        program.says("listening").await;
        program
    }

    /// One that need not say that it listens.
    pub(crate) fn begin(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.kill_on_drop(true).spawn().expect("it starts");
        let said = Arc::default();
        let reading = [
            tokio::spawn(collect(child.stdout.take().unwrap(), Arc::clone(&said))),
            tokio::spawn(collect(child.stderr.take().unwrap(), Arc::clone(&said))),
        ];
        Program { child, said, reading }
    }

    /// What it wrote, to its log and elsewhere.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) async fn says(&self, words: &str) {
        until(words, || if self.said().contains(words) { Ok(()) } else { Err(self.said()) }).await;
    }

    /// The port that it said.
    pub(crate) fn port(&self) -> u16 {
        let said = self.said();
        let line = said.lines().find(|line| line.contains("listening") || line.contains("the page is on"));
        line.and_then(|line| line.rsplit_once(':')?.1.trim().parse().ok()).expect("it says its port")
    }

    pub(crate) async fn signal(&self, name: &str) {
        let process = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &process]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Its end, when all that it wrote has been read.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let status = within("the end of the program", self.child.wait()).await.unwrap();
        for reading in &mut self.reading {
            within("the last of what it wrote", reading).await.unwrap();
        }
        status
    }
}

/// The command of `examples/standalone.rs`.
pub(crate) fn standalone(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone"));
    command.args(arguments).arg("--client").arg(foreign("node_modules/socket.io-client/dist"));
    command
}
