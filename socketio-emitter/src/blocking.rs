//! The emitter for programs, and threads, without a runtime.
//!
//! ```no_run
//! # type RedisEmitter = socketio_emitter::blocking::Emitter<socketio_core::adapter::memory::Memory>;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emitter = RedisEmitter::new("redis://localhost")?;
//! emitter.to("lobby").emit("news", "hello")?;
//! emitter.flush(std::time::Duration::from_secs(5))?;
//! # Ok(()) }
//! ```

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socketio_core::adapter::broker::Broker;
use socketio_core::adapter::publisher::{Listeners, Publisher, PublisherError, PublisherHealth, Totals};
use socketio_core::adapter::{AdapterError, Dispatch, EmitError, IntoRooms, Operation, Receipt, Room};
use socketio_core::protocol::args::IntoArgs;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::words::words;

/// What `to`, `except` and `of` build.
pub type Broadcast<B> = socketio_core::adapter::Broadcast<Emitter<B>>;

/// A blocking emitter over AMQP.
#[cfg(feature = "amqp")]
pub type AmqpEmitter = Emitter<socketio_amqp::Amqp>;

/// A blocking emitter over Kafka.
#[cfg(feature = "kafka")]
pub type KafkaEmitter = Emitter<socketio_kafka::Kafka>;

/// A blocking emitter over Redis or Valkey.
#[cfg(feature = "redis")]
pub type RedisEmitter = Emitter<socketio_redis::Redis>;

/// Emits to the clients of all servers on a channel of the message queue `B`, from any thread, and hears nothing.
///
/// A cheap handle: clones share one link, which lives on a thread of its own from the first use on. When the last handle is dropped,
/// what is left is still published, if the process lives that long: [`flush`](Self::flush) waits for it. A process that forks makes its
/// emitter behind that: the thread does not come along, and two processes must not be one sender.
///
/// To emit never waits, and may be done anywhere. [`ready`](Self::ready), [`check`](Self::check) and [`flush`](Self::flush) stop their
/// thread; a thread that drives async tasks must not be stopped, so that they panic there: use [`crate::Emitter`], or
/// `tokio::task::spawn_blocking`.
pub struct Emitter<B: Broker> {
    shared: Arc<Shared<B>>,
}

struct Shared<B: Broker> {
    publisher: Arc<Publisher<B>>,
    runtime: Mutex<Option<Handle>>,
}

impl<B: Broker> Emitter<B> {
    words!();

    fn with_publisher(publisher: Publisher<B>) -> Self {
        Emitter { shared: Arc::new(Shared { publisher: Arc::new(publisher), runtime: Mutex::default() }) }
    }

    fn publisher(&self) -> &Publisher<B> {
        &self.shared.publisher
    }

    /// Sees to it that there is a link, or is going to be.
    fn start(&self) -> Result<Handle, AdapterError> {
        let mut runtime = self.shared.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*runtime {
            return Ok(handle.clone());
        }
        let failed = |error: std::io::Error| AdapterError::Other(error.into());
        let own = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = own.handle().clone();
        let link = self.publisher().run();
        let thread = thread::Builder::new().name("socketio-emitter".into());
        thread.spawn(move || own.block_on(link)).map_err(failed)?;
        Ok(runtime.insert(handle).clone())
    }

    /// Waits until there is a link to the broker.
    ///
    /// # Errors
    ///
    /// [`PublisherError::Start`].
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn ready(&self) -> Result<(), PublisherError> {
        self.wait(|publisher| async move {
            publisher.ready().await;
            Ok(())
        })
    }

    /// Asks the broker who listens to the channel: a number on Redis, somebody or nobody on AMQP, unknown on Kafka.
    ///
    /// # Errors
    ///
    /// [`PublisherError::NoLink`], with the cause: the broker is away, or refuses. [`PublisherError::Check`], [`PublisherError::Start`].
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn check(&self) -> Result<Listeners, PublisherError> {
        self.wait(|publisher| async move { publisher.check().await })
    }

    /// Waits until the broker has everything that was emitted before, and tells what has become of all so far.
    ///
    /// # Errors
    ///
    /// [`PublisherError::Late`]: `deadline` came first. What waits goes on waiting. [`PublisherError::Start`].
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn flush(&self, deadline: Duration) -> Result<Totals, PublisherError> {
        self.wait(move |publisher| async move { publisher.flush(deadline).await })
    }

    #[track_caller]
    fn wait<T, F>(&self, asked: impl FnOnce(Arc<Publisher<B>>) -> F) -> Result<T, PublisherError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, PublisherError>> + Send + 'static,
    {
        let runtime = self.start().map_err(PublisherError::Start)?;
        let (sender, answer) = oneshot::channel();
        let asking = asked(self.shared.publisher.clone());
        runtime.spawn(async move {
            let _ = sender.send(asking.await);
        });
        match answer.blocking_recv() {
            Ok(answer) => answer,
            // Its thread has panicked.
            Err(gone) => Err(PublisherError::NoLink(Some(Arc::new(gone)))),
        }
    }
}

impl<B: Broker> Dispatch for Emitter<B> {
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        self.start()?;
        self.publisher().dispatch(operation)
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
