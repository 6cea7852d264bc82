//! A place where handlers of the server wait for the test.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use socketio_core::Socket;
use tokio::sync::Semaphore;

use crate::wait::until;

/// Holds handlers until the test lets them go, and counts them.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<GateState>);

#[derive(Debug)]
struct GateState {
    arrived: AtomicUsize,
    passes: Semaphore,
}

impl Default for GateState {
    fn default() -> Self {
        Self { arrived: AtomicUsize::new(0), passes: Semaphore::new(0) }
    }
}

impl Gate {
    /// Waits to be let go; called by the handler.
    pub async fn pass(&self) {
        self.0.arrived.fetch_add(1, SeqCst);
        self.0.passes.acquire().await.expect("it is never closed").forget();
    }

    /// The same, but no longer than its client is there.
    pub async fn pass_or_end(&self, socket: &Socket) {
        tokio::select! {
            () = self.pass() => {}
            () = socket.closed() => {}
        }
    }

    /// Waits until so many handlers, in all, have come here.
    pub async fn arrived(&self, count: usize) {
        until("the handler to run", || match self.count() {
            arrived if arrived >= count => Ok(()),
            other => Err(other),
        })
        .await;
    }

    /// How many handlers have come here.
    pub fn count(&self) -> usize {
        self.0.arrived.load(SeqCst)
    }

    /// Lets so many go.
    pub fn open(&self, count: usize) {
        self.0.passes.add_permits(count);
    }
}
