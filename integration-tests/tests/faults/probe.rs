//! How long a client waits for the ack of its own server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use integration_tests::client::Client;
use integration_tests::heard::Listener;
use integration_tests::running::Running;
use socketio_core::Server;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use crate::source::Source;

/// A client that asks ten times a second.
pub(crate) struct Probe {
    waits: Waits,
    asking: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Waits(Arc<Mutex<Wait>>);

#[derive(Default)]
struct Wait {
    longest: Duration,
    /// When it began, if one goes on.
    since: Option<Instant>,
}

impl Probe {
    pub(crate) async fn start(running: &Running) -> Self {
        let waits = Waits::default();
        running.io.of(NAMESPACE).on("ask", || true);
        let client = Client::websocket(running.port).await;
        Probe { asking: tokio::spawn(ask(client, waits.clone())), waits }
    }

    /// The longest that an answer took.
    ///
    /// # Panics
    ///
    /// The client is served no more.
    pub(crate) fn longest(&self) -> Duration {
        assert!(!self.asking.is_finished(), "a client is served no more");
        self.waits.longest()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

/// The same on a server that knows no broker, with as much to do, in a runtime of its own: what this machine makes everybody wait.
pub(crate) struct Machine {
    waits: Waits,
    bursts: mpsc::UnboundedSender<u64>,
}

impl Machine {
    pub(crate) fn start() -> Self {
        let waits = Waits::default();
        let (bursts, mut wanted) = mpsc::unbounded_channel();
        let noted = waits.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let running = Running::start(Server::builder().build().expect("the options are fine")).await;
                running.io.of(NAMESPACE).on("ask", || true);
                let mut listeners = Vec::new();
                for _ in 0..3 {
                    listeners.push(Listener::start(running.port, 2).await);
                }
                let io = running.io.clone();
                let _source =
                    Source::start(200, move |number| _ = io.emit("n", (0, number)).expect("it emits"));
                let client = Client::websocket(running.port).await;
                let _asking = tokio::spawn(ask(client, noted));
                while let Some(messages) = wanted.recv().await {
                    for number in 0..messages {
                        running.io.emit("n", (1, number)).expect("it emits");
                    }
                }
            });
        });
        Machine { waits, bursts }
    }

    /// As when the messages of others that were held in an outage come all at once.
    pub(crate) fn burst(&self, messages: u64) {
        self.bursts.send(messages).expect("it serves to the end");
    }

    pub(crate) fn longest(&self) -> Duration {
        self.waits.longest()
    }
}

/// Where nobody hears the numbers, of which many come at once behind an outage.
const NAMESPACE: &str = "/asking";

async fn ask(mut client: Client, waits: Waits) {
    client.connect(NAMESPACE).await;
    let mut beat = interval(Duration::from_millis(100));
    loop {
        beat.tick().await;
        waits.begin();
        client.send(r#"42/asking,7["ask"]"#).await;
        assert_eq!(client.next().await, "43/asking,7[true]");
        waits.end();
    }
}

impl Waits {
    fn begin(&self) {
        self.lock().since = Some(Instant::now());
    }

    fn end(&self) {
        let mut wait = self.lock();
        let took = wait.since.take().map(|since| since.elapsed());
        wait.longest = wait.longest.max(took.unwrap_or_default());
    }

    fn longest(&self) -> Duration {
        let wait = self.lock();
        wait.longest.max(wait.since.map(|since| since.elapsed()).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Wait> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
