//! Runs the scripts of `foreign/` and reads what they report: one JSON line per fact.
//!
//! ```text
//! {"check":"polling: a refusal carries its message","ok":true}
//! {"check":"polling: a refusal carries data","ok":false,"error":"…"}
//! {"done":2}
//! ```

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
    time::timeout,
};

/// A script that hangs ends here; its checks have shorter deadlines of their own.
const SCRIPT_DEADLINE: Duration = Duration::from_secs(600);

/// What a script found.
#[derive(Debug, Default)]
pub struct Report {
    pub passed: Vec<String>,
    /// Fact and error.
    pub failed: Vec<(String, String)>,
}

/// Runs `foreign/js/<script>.mjs` against the server at `port`.
pub async fn node(script: &str, port: u16, arguments: &[&str]) -> Report {
    let program = on_path("node");
    needs(program.as_deref(), "Node.js");
    needs(existing(foreign("node_modules/.installed")).as_deref(), "the packages from npm");
    run(&program.expect("checked above"), &foreign(&format!("js/{script}.mjs")), port, arguments).await
}

/// Runs `foreign/python/<script>.py` against the server at `port`.
pub async fn python(script: &str, port: u16, arguments: &[&str]) -> Report {
    let program = existing(foreign(".venv/bin/python"));
    needs(program.as_deref(), "Python's packages");
    run(&program.expect("checked above"), &foreign(&format!("python/{script}.py")), port, arguments).await
}

/// A path inside `foreign/`.
pub fn foreign(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign").join(path)
}

impl Report {
    /// Fails with every fact that does not hold, and when there are none at all.
    #[track_caller]
    pub fn assert_holds(&self) {
        let facts: Vec<_> =
            self.failed.iter().map(|(check, error)| format!("  ✗ {check}\n    {error}")).collect();
        assert!(
            self.failed.is_empty(),
            "{} of {} facts do not hold:\n{}",
            facts.len(),
            facts.len() + self.passed.len(),
            facts.join("\n")
        );
        assert!(!self.passed.is_empty(), "the script reported nothing");
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Check {
        check: String,
        ok: bool,
        #[serde(default)]
        error: String,
    },
    Done {
        done: usize,
    },
}

async fn run(program: &Path, script: &Path, port: u16, arguments: &[&str]) -> Report {
    let mut child = Command::new(program)
        .arg(script)
        .arg(port.to_string())
        .args(arguments)
        // The clients talk to this machine only, whatever the environment says of proxies.
        .env("NO_PROXY", "*")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));

    let mut stderr = child.stderr.take().expect("it is piped");
    let said = tokio::spawn(async move {
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said).await;
        said
    });

    let mut report = Report::default();
    let mut done = None;
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let reading = async {
        while let Some(line) = lines.next_line().await.expect("the output is text") {
            match serde_json::from_str(&line) {
                Ok(Line::Check { check, ok: true, .. }) => report.passed.push(check),
                Ok(Line::Check { check, error, .. }) => {
                    eprintln!("✗ {check}");
                    report.failed.push((check, error));
                }
                Ok(Line::Done { done: count }) => done = Some(count),
                Err(_) => eprintln!("{line}"),
            }
        }
        child.wait().await.expect("a child that was started ends")
    };
    let ended = timeout(SCRIPT_DEADLINE, reading).await;

    let name = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Ok(status) = ended else {
        report.failed.push((format!("{name} ends"), format!("it ran for {SCRIPT_DEADLINE:?}")));
        return report;
    };
    let said = said.await.unwrap_or_default();
    let count = report.passed.len() + report.failed.len();
    if !status.success() || done.is_none_or(|done| done > count) {
        report.failed.push((format!("{name} runs to its end"), format!("{status}; it said: {said}")));
    }
    report
}

fn needs(found: Option<&Path>, what: &str) {
    assert!(
        found.is_some(),
        "{what} missing: run integration-tests/foreign/install.sh, which installs what the tests need"
    );
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.exists().then_some(path)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
