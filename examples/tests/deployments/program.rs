//! An example as a program, on a port of its own.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use integration_tests::wait::within;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// One that ends with the test.
pub(crate) struct Program {
    pub(crate) port: u16,
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// The example of that name on a free port, once it says where it listens. More arguments follow its address.
    pub(crate) async fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = Self::command(name);
        command.arg("127.0.0.1:0").args(arguments);
        Self::run(command).await
    }

    pub(crate) fn command(name: &str) -> Command {
        let program = Self::built(name);
        assert!(
            built_after_its_sources(&program),
            "{} is missing or older than its sources: `cargo test -p socketio-examples --all-features` makes it",
            program.display()
        );
        Command::new(program)
    }

    pub(crate) async fn run(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let port = within("the program to say where it listens", async {
            loop {
                let line = stdout.next_line().await.expect("it is text").expect("the program goes on");
                if let Some((_, port)) =
                    line.strip_prefix("listening on ").and_then(|url| url.rsplit_once(':'))
                {
                    return port.parse().expect("a port");
                }
            }
        })
        .await;
        Program { port, child, stdout }
    }

    /// Where cargo puts examples: beside the folder of this test.
    fn built(name: &str) -> PathBuf {
        let this = std::env::current_exe().expect("this program has a path");
        let target = this.ancestors().nth(2).expect("it is in target/debug/deps");
        target.join("examples").join(name)
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end; gives what it said meanwhile.
    pub(crate) async fn ended(&mut self) -> (ExitStatus, Vec<String>) {
        within("the program to end", async {
            let mut said = Vec::new();
            while let Some(line) = self.stdout.next_line().await.expect("it is text") {
                said.push(line);
            }
            (self.child.wait().await.expect("it was started"), said)
        })
        .await
    }
}

/// Whether it is there and as new as all that cargo made it of, which stands beside it in a file of make's.
fn built_after_its_sources(program: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified());
    let Ok(built) = changed(program) else { return false };
    let rule = std::fs::read_to_string(program.with_extension("d")).expect("cargo writes it");
    let (_, sources) = rule.split_once(": ").expect("a target and its sources");
    // A blank in a path has a backslash before it.
    let sources = sources.trim_end().replace("\\ ", "\0");
    let sources = sources.split(' ').map(|source| PathBuf::from(source.replace('\0', " ")));
    sources.into_iter().all(|source| changed(&source).is_ok_and(|changed| changed <= built))
}
