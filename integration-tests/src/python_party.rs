//! python-socketio as a party of a cluster: a server or a worker that does what the test says.
//!
//! ```text
//! > {"do":"emit","args":["news",{"$tuple":[1,{"$bytes":"AAH/"}]}],"kwargs":{"to":"a"}}
//! < {"answer":null}
//! ```

use std::process::Stdio;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    foreign::{foreign, python_program},
    wait::within,
};

/// A process that ends with the test.
#[derive(Debug)]
pub struct PythonParty {
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Answer(Value),
    Error(String),
}

impl PythonParty {
    /// Runs `foreign/python/<script>.py`.
    pub fn start(script: &str, url: &str, channel: &str) -> Self {
        let mut process = Command::new(python_program())
            .arg(foreign(&format!("python/{script}.py")))
            .args([url, channel])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Python starts");
        let commands = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        PythonParty { commands, answers, _process: process }
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
        let command = format!("{}\n", json!({ "do": method, "args": args, "kwargs": kwargs }));
        self.commands.write_all(command.as_bytes()).await.expect("the process reads");
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
}
