//! The emitter for programs with a Tokio runtime.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socketio_core::adapter::broker::Broker;
use socketio_core::adapter::publisher::{Listeners, Publisher, PublisherError, PublisherHealth, Totals};
use socketio_core::adapter::{AdapterError, Dispatch, EmitError, IntoRooms, Operation, Receipt, Room};
use socketio_core::protocol::args::IntoArgs;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::words::words;

/// What `to`, `except` and `of` build.
pub type Broadcast<B> = socketio_core::adapter::Broadcast<Emitter<B>>;

/// Emits to the clients of all servers on a channel of the message queue `B`, and hears nothing.
///
/// A cheap handle: clones share one link. The first use has to be inside a Tokio runtime, where the link then lives; later ones may be
/// anywhere. When the last handle is dropped, what is left is still published, if the runtime lives that long:
/// [`flush`](Self::flush) waits for it.
pub struct Emitter<B: Broker> {
    shared: Arc<Shared<B>>,
}

struct Shared<B: Broker> {
    publisher: Publisher<B>,
    link: Mutex<Option<JoinHandle<()>>>,
}

impl<B: Broker> Emitter<B> {
    words!();

    fn with_publisher(publisher: Publisher<B>) -> Self {
        Emitter { shared: Arc::new(Shared { publisher, link: Mutex::default() }) }
    }

    fn publisher(&self) -> &Publisher<B> {
        &self.shared.publisher
    }

    /// Sees to it that there is a link, or is going to be.
    fn start(&self) -> Result<&Publisher<B>, AdapterError> {
        let mut link = self.shared.link.lock().unwrap_or_else(PoisonError::into_inner);
        // A link has finished when its runtime has: another may go on.
        if link.as_ref().is_none_or(JoinHandle::is_finished) {
            let runtime = Handle::try_current().map_err(|_| AdapterError::NoRuntime)?;
            *link = Some(runtime.spawn(self.publisher().run()));
        }
        Ok(self.publisher())
    }

    /// Waits until there is a link to the broker.
    ///
    /// # Errors
    ///
    /// [`PublisherError::Start`].
    pub async fn ready(&self) -> Result<(), PublisherError> {
        self.start().map_err(PublisherError::Start)?.ready().await;
        Ok(())
    }

    /// Asks the broker who listens to the channel: a number on Redis, somebody or nobody on AMQP, unknown on Kafka.
    ///
    /// # Errors
    ///
    /// [`PublisherError::NoLink`], with the cause: the broker is away, or refuses. [`PublisherError::Check`], [`PublisherError::Start`].
    pub async fn check(&self) -> Result<Listeners, PublisherError> {
        self.start().map_err(PublisherError::Start)?.check().await
    }

    /// Waits until the broker has everything that was emitted before, and tells what has become of all so far.
    ///
    /// # Errors
    ///
    /// [`PublisherError::Late`]: `deadline` came first. What waits goes on waiting. [`PublisherError::Start`].
    pub async fn flush(&self, deadline: Duration) -> Result<Totals, PublisherError> {
        self.start().map_err(PublisherError::Start)?.flush(deadline).await
    }
}

impl<B: Broker> Dispatch for Emitter<B> {
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        self.start()?.dispatch(operation)
    }
}

impl<B: Broker> Clone for Emitter<B> {
    fn clone(&self) -> Self {
        Emitter { shared: self.shared.clone() }
    }
}

impl<B: Broker> fmt::Debug for Emitter<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Emitter").field(self.publisher()).finish()
    }
}
