//! Brokers of a test's own, to be killed, stopped and paused without disturbing anybody.
//!
//! `scripts/brokers run` finds the ports, starts them for a command, and removes everything when that ends. The command here writes to
//! the test for as long as somebody reads, so the brokers end with the test however that ends.

use std::collections::HashMap;
use std::fmt::Debug;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;

/// Brokers that nobody else uses. They are gone when this is dropped.
#[derive(Debug)]
pub struct OwnBrokers {
    services: Vec<&'static str>,
    runner: Child,
    environment: HashMap<String, String>,
}

impl OwnBrokers {
    /// Starts `services`, by the names that `scripts/brokers` has for them, and waits until they are ready.
    ///
    /// # Panics
    ///
    /// They do not start.
    pub async fn start(services: &[&'static str]) -> Self {
        let services = services.to_vec();
        let starting = tokio::task::spawn_blocking(move || Self::run(services));
        starting.await.expect("the brokers start")
    }

    fn run(services: Vec<&'static str>) -> Self {
        let mut command = script();
        command.arg("run").args(&services).args(["--", "sh", "-c", TELL_AND_WAIT]);
        let mut runner = command.stdout(Stdio::piped()).spawn().expect("scripts/brokers runs");
        let told = BufReader::new(runner.stdout.as_mut().expect("it is piped"));
        let environment: HashMap<_, _> = told
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| Some(line.split_once('=')?).map(|(name, value)| (name.into(), value.into())))
            .collect();
        let brokers = OwnBrokers { services, runner, environment };
        assert!(brokers.environment.contains_key("BROKERS_PORT_BASE"), "scripts/brokers did not start");
        brokers
    }

    /// What `scripts/brokers` calls `name`, for instance `REDIS_URL`.
    ///
    /// # Panics
    ///
    /// No broker of these has it.
    pub fn value(&self, name: &str) -> &str {
        self.environment.get(name).unwrap_or_else(|| panic!("{name} is not among {:?}", self.environment))
    }

    /// The URL called `name` as a broker's options.
    ///
    /// # Panics
    ///
    /// It makes no sense to the broker.
    pub fn options<O: FromStr<Err: Debug>>(&self, name: &str) -> O {
        self.value(name).parse().expect("the URL is one of this broker's")
    }

    /// Ends `name` as a crash would.
    pub async fn kill(&self, name: &str) {
        self.order("kill", name).await;
    }

    /// Lets `name` end by itself; its data stays.
    pub async fn stop(&self, name: &str) {
        self.order("stop", name).await;
    }

    /// Starts what was killed or stopped of `service`, and waits until it is ready.
    pub async fn start_again(&self, service: &str) {
        self.order("start", service).await;
    }

    /// The kernel still takes connections of `name`, and nobody answers.
    pub async fn pause(&self, name: &str) {
        self.order("pause", name).await;
    }

    /// It goes on where it was.
    pub async fn resume(&self, name: &str) {
        self.order("resume", name).await;
    }

    async fn order(&self, what: &str, name: &str) {
        let mut command = script();
        command.args([what, name]).stdout(Stdio::null());
        for setting in ["BROKERS_HOME", "BROKERS_PORT_BASE"] {
            command.env(setting, self.value(setting));
        }
        let status = tokio::process::Command::from(command).status().await.expect("scripts/brokers runs");
        assert!(status.success(), "scripts/brokers {what} {name}: {status}");
    }
}

impl Drop for OwnBrokers {
    fn drop(&mut self) {
        if let Some(base) = self.environment.get("BROKERS_PORT_BASE") {
            // A clean stop would take seconds, and nobody needs what they hold.
            let mut kill = script();
            kill.arg("kill").args(&self.services).env("BROKERS_PORT_BASE", base);
            kill.env("BROKERS_HOME", &self.environment["BROKERS_HOME"]);
            let _ = kill.stderr(Stdio::null()).status();
        }
        // With nobody to read, the command ends, and the script cleans up behind it.
        drop(self.runner.stdout.take());
        let _ = self.runner.wait();
    }
}

/// Says what the environment is, an empty line behind it, and another one every moment.
const TELL_AND_WAIT: &str = "env | grep -E '^[A-Z_]+=' ; while echo; do sleep 0.2; done 2>/dev/null";

/// `scripts/brokers` with nothing of the settings that the tests themselves were started with.
fn script() -> Command {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/brokers"));
    let mut command = Command::new(path);
    for setting in
        ["BROKERS_PORT_BASE", "BROKERS_TLS", "REDIS_PORT", "AMQP_PORT", "KAFKA_PORT", "REDIS_PASSWORD"]
    {
        command.env_remove(setting);
    }
    command.env("KAFKA_HEAP", "256m").stdin(Stdio::null());
    command
}
