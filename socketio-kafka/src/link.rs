//! What librdkafka's own threads tell us about a client's connections, and the way round its calls that block.
//!
//! librdkafka connects again by itself, and as long as one broker of the cluster can be reached we leave that to it: a leader that
//! moved is not a lost link. When none can be reached, even for a moment, the link is lost for good, and the core begins anew.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError as Cause, RDKafkaErrorCode};
use tokio::sync::{oneshot, watch};

use crate::KafkaError;

/// The state of one client's connections.
#[derive(Clone, Debug)]
pub(crate) struct Link(Arc<State>);

#[derive(Debug)]
struct State {
    /// What happened last to a connection: not yet the end, as there are other brokers.
    reason: Mutex<String>,
    lost: watch::Sender<bool>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Link(Arc::new(State { reason: Mutex::new("no answer".to_owned()), lost: watch::Sender::new(false) }))
    }

    /// Waits until the link is lost.
    pub(crate) async fn lost(&self) -> KafkaError {
        let _ = self.0.lost.subscribe().wait_for(|lost| *lost).await;
        KafkaError::Lost { reason: self.reason() }
    }

    pub(crate) fn lose(&self) {
        self.0.lost.send_replace(true);
    }

    pub(crate) fn reason(&self) -> String {
        self.last().clone()
    }

    fn last(&self) -> MutexGuard<'_, String> {
        self.0.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Link {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let message = message.split_once("]: ").map_or(message, |(_thread, message)| message);
        if facility == "FAIL" {
            message.clone_into(&mut self.last()); // a connection that was closed is told nowhere else
        }
        // Debug, whatever the level: the core says once that the link is lost, and once that it is back.
        tracing::debug!(target: "socketio::cluster", ?level, facility, "librdkafka: {message}");
    }

    fn error(&self, error: Cause, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.lose();
        } else {
            reason.clone_into(&mut self.last());
        }
    }
}

impl ConsumerContext for Link {}

/// Calls into librdkafka that wait for a broker: on a thread of their own, for which the runtime does not wait when it ends.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = oneshot::channel();
    std::thread::spawn(move || drop(done.send(work())));
    result.await.expect("calls into librdkafka do not panic")
}

/// A client of librdkafka. It joins its threads when dropped, which takes up to half a second: not on a thread of ours.
pub(crate) struct Client<C: Send + 'static>(Option<C>);

impl<C: Send + 'static> Client<C> {
    pub(crate) fn new(client: C) -> Self {
        Client(Some(client))
    }
}

impl<C: Send + 'static> Deref for Client<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.0.as_ref().expect("taken by drop alone")
    }
}

impl<C: Send + 'static> Drop for Client<C> {
    fn drop(&mut self) {
        let client = self.0.take();
        // Without a thread to spare it is dropped here.
        let _ = std::thread::Builder::new().spawn(move || drop(client));
    }
}
