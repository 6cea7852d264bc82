//! python-socketio as a party of a cluster: a server or a worker that does what the test says.
//!
//! ```text
//! > {"do":"emit","args":["news",{"$tuple":[1,{"$bytes":"AAH/"}]}],"kwargs":{"to":"a"}}
//! < {"answer":null}
//! ```

use std::io::{BufRead as _, BufReader as BlockingReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::{
    foreign::{foreign, python_program},
    wait::within,
};

/// A process that ends with the test.
#[derive(Debug)]
pub struct PythonParty {
    commands: OwnedWriteHalf,
    answers: Lines<BufReader<OwnedReadHalf>>,
}

/// Which of its two ways of waiting a party of python-socketio has, and so which of its managers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Threads,
    Coroutines,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Answer(Value),
    Error(String),
}

impl PythonParty {
    /// A server. It answers first where it listens: a port.
    pub async fn server(style: Style, url: &str, channel: &str) -> Self {
        let script = match style {
            Style::Threads => "cluster_threads",
            Style::Coroutines => "cluster_coroutines",
        };
        Self::start(script, url, channel).await
    }

    /// A worker that has no server, and a write-only manager.
    pub async fn writer(style: Style, url: &str, channel: &str) -> Self {
        let script = match style {
            Style::Threads => "cluster_writer_threads",
            Style::Coroutines => "cluster_writer_coroutines",
        };
        Self::start(script, url, channel).await
    }

    async fn start(script: &str, url: &str, channel: &str) -> Self {
        let address = ("127.0.0.1", Parties::get().port);
        let (answers, commands) = TcpStream::connect(address).await.expect("it listens").into_split();
        let mut party = PythonParty { commands, answers: BufReader::new(answers).lines() };
        party.say(&format!("{script} {url} {channel}")).await;
        party
    }

    /// Calls a method of the server or manager, and gives what it returns.
    ///
    /// # Panics
    ///
    /// It raises.
    pub async fn does(&mut self, method: &str, args: Value, kwargs: Value) -> Value {
        let result = self.tries(method, args, kwargs).await;
        result.unwrap_or_else(|error| panic!("{method} raises {error}"))
    }

    /// Calls a method of the server or manager.
    ///
    /// # Errors
    ///
    /// What it raises.
    pub async fn tries(&mut self, method: &str, args: Value, kwargs: Value) -> Result<Value, String> {
        self.say(&json!({ "do": method, "args": args, "kwargs": kwargs }).to_string()).await;
        self.answer().await
    }

    /// The next answer.
    ///
    /// # Errors
    ///
    /// What the method raises.
    pub async fn answer(&mut self) -> Result<Value, String> {
        let line = within("Python's answer", self.answers.next_line()).await.expect("the answer is text");
        match serde_json::from_str(&line.expect("the process goes on")).expect("the answer is JSON") {
            Line::Answer(value) => Ok(value),
            Line::Error(error) => Err(error),
        }
    }

    async fn say(&mut self, line: &str) {
        self.commands.write_all(format!("{line}\n").as_bytes()).await.expect("the process reads");
    }
}

/// `foreign/python/parties.py`, which starts the others and ends with this process.
struct Parties {
    port: u16,
    /// With its stdin, whose end is the end of it.
    _process: Child,
}

impl Parties {
    fn get() -> &'static Parties {
        static PARTIES: OnceLock<Parties> = OnceLock::new();
        PARTIES.get_or_init(|| {
            let mut process = Command::new(python_program())
                .arg(foreign("python/parties.py"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("Python starts");
            let mut line = String::new();
            let mut stdout = BlockingReader::new(process.stdout.take().expect("it is piped"));
            stdout.read_line(&mut line).expect("the line is text");
            let port = line.trim().parse().expect("it says its port");
            Parties { port, _process: process }
        })
    }
}
