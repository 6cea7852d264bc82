//! `scripts/cluster`, which is what `make cluster` runs: it chats, and leaves nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use integration_tests::wait::{until, within};
use socketio_core::Sid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::pages;

#[tokio::test]
async fn nginx_before_three_nodes_on_redis_until_ctrl_c() {
    let cluster = Cluster::start(&["--broker", "redis", "--proxy", "nginx"]).await;
    cluster.chats().await;
    // By either way.
    let [balanced, node] = [0, 3].map(|node| cluster.url(node));
    pages::hold("the_bar_moves_for_the_client_that_asked", &[&balanced, &node]).await;
    let started = cluster.processes();
    for (name, count) in [("chat", 3), ("worker", 1), ("nginx", 2), ("redis-server", 1)] {
        let found = started.values().filter(|process| process.name == name).count();
        assert_eq!(found, count, "{name} in {started:#?}");
    }
    cluster.signal("INT", cluster.id());
    cluster.leaves_nothing(started, 0).await;
}

#[tokio::test]
async fn haproxy_before_three_nodes_on_rabbitmq_until_a_node_dies() {
    let cluster = Cluster::start(&["--broker", "rabbitmq", "--proxy", "haproxy"]).await;
    cluster.chats().await;
    let started = cluster.processes();
    for (name, count) in [("chat", 3), ("worker", 1), ("haproxy", 1), ("redis-server", 1), ("beam.smp", 1)] {
        let found = started.values().filter(|process| process.name == name).count();
        assert_eq!(found, count, "{name} in {started:#?}");
    }
    let (node, _) = started.iter().find(|(_, process)| process.name == "chat").expect("counted above");
    cluster.signal("KILL", *node);
    cluster.leaves_nothing(started, 1).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_nothing_is_started() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port();
    let mut command = Cluster::command(port, &[]);
    let output = within("the script to end", command.output()).await.expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, format!("cluster: port {port} is taken: choose another PORT\n"));
}

/// How long a broker may take to start; a test that passes never waits for it.
const START: Duration = Duration::from_secs(300);

/// What `scripts/cluster` runs; ended at the latest with the test.
struct Cluster {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    port: u16,
    /// Where it keeps its logs.
    folder: PathBuf,
    /// Where its Redis is.
    redis: String,
    /// In the environment of all that it starts.
    mark: String,
}

#[derive(Debug)]
struct Process {
    name: String,
    /// An id may be used again: then this differs.
    started: String,
}

impl Cluster {
    async fn start(options: &[&str]) -> Self {
        let port = four_free_ports();
        let mark = format!("test-{}", Sid::generate());
        let mut child = Self::command(port, options)
            .env("CLUSTER_OF", &mark)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut cluster = Cluster { child, stdout, port, folder: PathBuf::new(), redis: String::new(), mark };
        timeout(START, cluster.read_where_it_is()).await.expect("the cluster to say where it is");
        cluster
    }

    fn command(port: u16, options: &[&str]) -> Command {
        // Whoever runs the tests in the background has Ctrl-C ignored for them, and a shell cannot take that back.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/cluster")]);
        command.args(options).args(["--port", &port.to_string()]);
        command.args([env!("CARGO_BIN_EXE_chat"), env!("CARGO_BIN_EXE_worker")]).arg(pages::client());
        command
    }

    async fn read_where_it_is(&mut self) {
        let mut url = None;
        while self.folder.as_os_str().is_empty() {
            let line = self.stdout.next_line().await.expect("it is text").expect("the script goes on");
            if let Some((_, found)) = line.split_once("The chat is on ") {
                url = Some(found.trim().to_owned());
            }
            if let Some((_, rest)) = line.split_once("Jobs are in ") {
                let (redis, rest) = rest.split_once(". Logs are in ").expect("the folder");
                self.redis = redis.to_owned();
                self.folder = rest.split(". ").next().expect("a first part").into();
            }
        }
        assert_eq!(url, Some(self.url(0)));
        assert!(self.folder.is_dir());
    }

    /// Of the load balancer, or of a node from 1 on.
    fn url(&self, node: u16) -> String {
        format!("http://127.0.0.1:{}", self.port + node)
    }

    fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Two browsers through the load balancer and one at each node are one chat, whichever nodes the two came to.
    async fn chats(&self) {
        let urls = [0, 0, 1, 2, 3].map(|node| self.url(node));
        pages::hold("all_chat", &urls.each_ref().map(String::as_str)).await;
    }

    /// All it has started that runs: its children and theirs, those without parents that carry its mark, and Redis, which overwrites
    /// its own.
    fn processes(&self) -> BTreeMap<u32, Process> {
        let mut parents = BTreeMap::new();
        let mut own = BTreeMap::new();
        for id in fs::read_dir("/proc").expect("there is /proc").flatten() {
            let Ok(id) = id.file_name().to_string_lossy().parse::<u32>() else { continue };
            let Some((process, parent)) = process(id) else { continue };
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            let marked = environment.windows(self.mark.len()).any(|text| text == self.mark.as_bytes());
            parents.insert(id, parent);
            own.insert(id, (process, marked));
        }
        let belongs = |id: u32| {
            std::iter::successors(Some(id), |id| parents.get(id).copied()).any(|id| id == self.id())
        };
        let redis = self.redis();
        let own = own.into_iter().filter(|(id, (_, marked))| *marked || *id == redis || belongs(*id));
        own.map(|(id, (process, _))| (id, process)).collect()
    }

    fn redis(&self) -> u32 {
        let mut connection = redis::Client::open(&*self.redis).unwrap().get_connection().expect("it runs");
        let info: String = redis::cmd("INFO").arg("server").query(&mut connection).expect("it answers");
        let id = info.lines().find_map(|line| line.strip_prefix("process_id:")).expect("it says so");
        id.trim().parse().expect("it is a number")
    }

    fn signal(&self, signal: &str, id: u32) {
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &id.to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    async fn leaves_nothing(mut self, started: BTreeMap<u32, Process>, status: i32) {
        let ended: ExitStatus =
            timeout(START, self.child.wait()).await.expect("it ends").expect("it was started");
        assert_eq!(ended.code(), Some(status));
        let running = || {
            let same =
                |(id, was): &(&u32, &Process)| process(**id).is_some_and(|(is, _)| is.started == was.started);
            let left: Vec<_> = started.iter().filter(same).map(|(id, was)| (*id, was.name.clone())).collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        };
        // What was killed may be there until its new parent looks.
        until("all to be gone", running).await;
        assert!(!self.folder.exists());
        for port in self.port..self.port + 4 {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "somebody is at port {port}");
        }
    }
}

impl Drop for Cluster {
    /// Not killed: then it could not end the others.
    fn drop(&mut self) {
        if let (Some(id), Ok(None)) = (self.child.id(), self.child.try_wait()) {
            self.signal("TERM", id);
            for _ in 0..600 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// A process that is no zombie, and its parent.
fn process(id: u32) -> Option<(Process, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
    let fields: Vec<_> = rest.split(' ').collect();
    let process = Process { name: name.to_owned(), started: (*fields.get(19)?).to_owned() };
    (*fields.first()? != "Z").then_some((process, fields.get(1)?.parse().ok()?))
}

/// Side by side, below those that the kernel gives away by itself, and not those of another test of this file.
fn four_free_ports() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 1000).expect("below 1000") * 8;
    loop {
        let port = first + TAKEN.fetch_add(4, Ordering::Relaxed);
        assert!(port < 32_000, "four ports in a row are free");
        if (port..port + 4).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
}
