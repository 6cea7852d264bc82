//! A server in a process of its own: what the kernel says of it, and what it says of itself.
//!
//! The process is the test's own binary, started again as a test that is ignored otherwise:
//!
//! ```no_run
//! # use integration_tests::process::{self, Process};
//! # use socketio_core::Server;
//! # async fn test() {
//! let mut server = Process::start("the_server", "default").await; // runs this very binary
//! let sessions = server.figures().await.of("sessions");
//! # }
//! #[test]
//! #[ignore = "started by the other tests"]
//! fn the_server() {
//!     process::serve(|_kind| async { (Server::builder().build().unwrap(), || Vec::new()) });
//! }
//! ```
//!
//! It ends when the test does, however that ends: it reads what the test writes, and that stops.

use std::collections::HashMap;
use std::fmt::Debug;
use std::io::{BufRead as _, Write as _};
use std::ops::Deref;
use std::time::Duration;

use socketio_core::Server;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};

use crate::program::Program;
use crate::wait::within;

/// The process, seen from the test: a [`Program`], and its figures.
#[derive(Debug)]
pub struct Process {
    pub port: u16,
    program: Program,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Deref for Process {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// What a server says of itself: its [`Counters`](socketio_core::server::Counters) by their names, `tasks`, and what else it counts.
#[derive(Clone, Debug, Default)]
pub struct Figures(HashMap<String, u64>);

impl Process {
    /// This binary's test of that name, which calls [`serve`] and is told what `kind` of server to be; once it listens.
    pub async fn start(test: &str, kind: &str) -> Self {
        Self::start_by(command(test, kind)).await
    }

    /// A command that ends up as such a test.
    pub async fn start_by(mut command: Command) -> Self {
        let (program, orders, answers) = Program::asked(&mut command);
        let mut process = Process { port: 0, program, orders, answers: BufReader::new(answers).lines() };
        let port = within("the server to listen", process.answer(LISTENS)).await;
        process.port = port.parse().expect("a port");
        process
    }

    /// Its figures of this moment.
    pub async fn figures(&mut self) -> Figures {
        self.orders.write_all(b"figures\n").await.expect("it reads");
        Figures::parse(&within("the figures", self.answer(FIGURES)).await)
    }

    /// Waits until its figures are such that `condition` holds.
    pub async fn shows<E: Debug>(
        &mut self,
        what: &str,
        mut condition: impl FnMut(&Figures) -> Result<(), E>,
    ) {
        within(what, async {
            let mut said = String::new();
            loop {
                match condition(&self.figures().await) {
                    Ok(()) => break,
                    Err(missing) => {
                        let missing = format!("{missing:?}");
                        if missing != said {
                            eprintln!("waiting for {what}: {missing}");
                            said = missing;
                        }
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// How much more than `before` there ever was; printed, for whoever wants the figure.
    pub fn grown(&self, before: usize) -> usize {
        let grown = self.peak().saturating_sub(before);
        publish(&format!("resident memory has grown by {:.1} MiB", grown as f64 / f64::from(1 << 20)));
        grown
    }

    async fn answer(&mut self, head: &str) -> String {
        while let Ok(Some(line)) = self.answers.next_line().await {
            if let Some((_, rest)) = line.split_once(head) {
                return rest.to_owned();
            }
        }
        panic!("the server has ended: {}", self.said());
    }
}

impl Figures {
    /// The figure of that name.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn of(&self, name: &str) -> u64 {
        *self.0.get(name).unwrap_or_else(|| panic!("{name} is not among {self:?}"))
    }

    /// Several of them.
    pub fn each<const N: usize>(&self, names: [&str; N]) -> [u64; N] {
        names.map(|name| self.of(name))
    }

    /// Those that are not zero, as text.
    pub fn told(&self) -> String {
        let told: Vec<_> = self.sorted().filter(|(_, value)| *value > 0).collect();
        told.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
    }

    /// All of them, by their names.
    pub fn sorted(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut all: Vec<_> = self.0.iter().map(|(name, value)| (&**name, *value)).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// Keeps of each figure the larger one.
    pub fn keep_most(&mut self, others: &Self) {
        for (name, value) in &others.0 {
            let most = self.0.entry(name.clone()).or_default();
            *most = (*most).max(*value);
        }
    }

    /// Reads `Counters { sessions: 1, sockets: 1 }` and `name: 1` behind it.
    fn parse(text: &str) -> Self {
        let words: Vec<_> = text.split([' ', ',', '{', '}']).filter(|word| !word.is_empty()).collect();
        let pairs =
            words.windows(2).filter_map(|pair| Some((pair[0].strip_suffix(':')?, pair[1].parse().ok()?)));
        Figures(pairs.map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// Says something to whoever runs the tests; what a test prints is shown of those only that fail.
pub fn publish(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The command that [`Process::start`] runs.
pub fn command(test: &str, kind: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it is running"));
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env(KIND, kind);
    command
}

/// Is the server of that kind, until the test that started this process ends; does nothing where there is none.
///
/// `server` also gives what else is to be counted.
pub fn serve<F, M>(server: impl FnOnce(String) -> F)
where
    F: Future<Output = (Server, M)>,
    M: Fn() -> Vec<(&'static str, u64)> + Send + 'static,
{
    let Ok(kind) = std::env::var(KIND) else { return };
    let log = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::INFO);
    log.with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (io, more) = server(kind).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        println!("{LISTENS}{}", listener.local_addr().expect("it is bound").port());
        let (asked, runtime) = (io.clone(), tokio::runtime::Handle::current());
        std::thread::spawn(move || {
            for _order in std::io::stdin().lock().lines().map_while(Result::ok) {
                let tasks = runtime.metrics().num_alive_tasks();
                let more: String = more().iter().map(|(name, value)| format!(" {name}: {value}")).collect();
                println!("{FIGURES}{:?} tasks: {tasks}{more}", asked.counters());
                let _ = std::io::stdout().flush();
            }
            // Nobody is interested any more.
            std::process::exit(0);
        });
        io.serve(listener, std::future::pending()).await.expect("it serves");
    });
}

const KIND: &str = "SERVER_OF_A_TEST";
const LISTENS: &str = "listens on ";
const FIGURES: &str = "figures: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_by_their_names() {
        let figures =
            Figures::parse("Counters { sessions: 3, sockets: 0, handler_panics: 12 } tasks: 7 members: 1");
        assert_eq!(
            figures.each(["sessions", "sockets", "handler_panics", "tasks", "members"]),
            [3, 0, 12, 7, 1]
        );
        assert_eq!(figures.told(), "handler_panics 12, members 1, sessions 3, tasks 7");
    }
}
