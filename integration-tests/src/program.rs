//! A process of a test: what it writes, the signals it is sent, what the kernel says of it.
//!
//! ```no_run
//! # use integration_tests::program::Program;
//! # use tokio::process::Command;
//! # async fn test() {
//! let mut program = Program::start(&mut Command::new("target/debug/standalone")).await;
//! program.signal("TERM").await;
//! assert_eq!(program.ends().await.code(), Some(0), "{}", program.said());
//! # }
//! ```
//!
//! It ends with the test. A server whose figures are to be seen is a [`Process`](crate::process::Process), which is such a program too.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::wait::{until, within};

#[derive(Debug)]
pub struct Program {
    child: Child,
    said: Arc<Mutex<String>>,
    reading: Vec<JoinHandle<()>>,
}

impl Program {
    /// Once it says that it listens.
    pub async fn start(command: &mut Command) -> Self {
        let program = Program::begin(command);
        program.says("listening").await;
        program
    }

    /// One that need not say so.
    pub fn begin(command: &mut Command) -> Self {
        let mut program = Program::spawn(command.stdin(Stdio::null()));
        let output = program.child.stdout.take().expect("it is piped");
        program.read(output);
        program
    }

    /// One that is talked with: what it reads and its output are the caller's, what it writes to stderr is kept.
    pub(crate) fn asked(command: &mut Command) -> (Self, ChildStdin, ChildStdout) {
        let mut program = Program::spawn(command.stdin(Stdio::piped()));
        let (orders, answers) = (program.child.stdin.take(), program.child.stdout.take());
        (program, orders.expect("it is piped"), answers.expect("it is piped"))
    }

    fn spawn(command: &mut Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.kill_on_drop(true).spawn().expect("it starts");
        let errors = child.stderr.take().expect("it is piped");
        let mut program = Program { child, said: Arc::default(), reading: Vec::new() };
        program.read(errors);
        program
    }

    fn read(&mut self, stream: impl AsyncRead + Send + Unpin + 'static) {
        self.reading.push(tokio::spawn(collect(stream, Arc::clone(&self.said))));
    }

    /// What it wrote, to its log and elsewhere; the first mebibyte of it.
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub async fn says(&self, words: &str) {
        until(words, || if self.said().contains(words) { Ok(()) } else { Err(self.said()) }).await;
    }

    /// The port that it said.
    pub fn port(&self) -> u16 {
        let said = self.said();
        let line = said.lines().find(|line| line.contains("listening") || line.contains("the page is on"));
        line.and_then(|line| line.rsplit_once(':')?.1.trim().parse().ok()).expect("it says its port")
    }

    /// Suspends it, and waits until none of its threads runs any more: the one that is to stop the others has to have its turn first.
    pub async fn suspend(&self) {
        self.signal("STOP").await;
        until("all threads to be suspended", || {
            let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("it runs");
            let states = threads.map(|thread| {
                let status = std::fs::read_to_string(thread.expect("the kernel tells").path().join("status"));
                status.expect("it goes on").lines().find(|line| line.starts_with("State:")).map(str::to_owned)
            });
            let running = |state: &Option<String>| state.as_ref().is_none_or(|state| !state.contains('T'));
            match states.filter(running).collect::<Vec<_>>() {
                running if running.is_empty() => Ok(()),
                running => Err(running),
            }
        })
        .await;
    }

    /// Sends a signal, by its name: `TERM`.
    pub async fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().await;
        assert!(sent.expect("there is such a program").success());
    }

    /// Its end, when all that it wrote has been read.
    pub async fn ends(&mut self) -> ExitStatus {
        let status = within("the end of the program", self.child.wait()).await.expect("it was started");
        for reading in &mut self.reading {
            within("the last of what it wrote", reading).await.expect("it only reads");
        }
        status
    }

    /// Bytes that are in memory now,
    pub fn resident(&self) -> usize {
        self.status("VmRSS:")
    }

    /// and the most that ever were.
    pub fn peak(&self) -> usize {
        self.status("VmHWM:")
    }

    /// Descriptors that are open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.id())).expect("it runs").count()
    }

    /// The time that processors have spent on it.
    pub fn cpu(&self) -> Duration {
        cpu(&self.id().to_string())
    }

    fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    fn status(&self, field: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
    }
}

/// The time that processors have spent on the process of that number, or `self`.
pub fn cpu(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    // The name, in parentheses, may have anything in it.
    let (_, fields) = stat.rsplit_once(')').expect("the kernel tells");
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The command with the words of another program before it: of `bash -c`, `strace`.
pub fn behind(words: &[&str], command: &Command) -> Command {
    let mut whole = Command::new(words[0]);
    let command = command.as_std();
    whole.args(&words[1..]).arg(command.get_program()).args(command.get_args());
    whole.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    whole
}

/// The command with no more descriptors than so many.
pub fn with_descriptors(descriptors: usize, command: &Command) -> Command {
    behind(&["sh", "-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"")], command)
}

/// Line by line, into `said`, up to 1 MiB.
async fn collect(stream: impl AsyncRead + Unpin, said: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        // A server that runs for hours must not fill the test's memory.
        if said.len() < 1 << 20 {
            said.push_str(&line);
            said.push('\n');
        }
    }
}
