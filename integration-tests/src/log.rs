//! What servers write to the log, for tests that read it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The lines of the server's targets.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What this process writes, from now on and down to `level`.
    ///
    /// # Panics
    ///
    /// There is one already.
    #[must_use]
    pub fn of_process(level: Level) -> Self {
        let log = Log::default();
        log.down_to(level).init();
        log
    }

    /// What this thread writes until the guard is dropped.
    #[must_use]
    pub fn of_thread(level: Level) -> (Self, DefaultGuard) {
        let log = Log::default();
        let guard = log.down_to(level).set_default();
        (log, guard)
    }

    /// Everything so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("a log is text")
    }

    /// The lines that have `text` in them.
    #[must_use]
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    fn down_to(&self, level: Level) -> impl tracing::Subscriber + Send + Sync + use<> {
        let targets = ["socketio", "engineio", "socketio_core"].map(|target| (target, level));
        let log = self.clone();
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || log.clone());
        // One filter for all: with one of the layer's own, lines of threads that had been busy with Kafka went missing.
        tracing_subscriber::registry().with(Targets::new().with_targets(targets)).with(lines)
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
