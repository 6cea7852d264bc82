//! The words of a test's client.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{timeout, timeout_at};

use super::builder::ClientBuilder;
use super::error::{Ended, TestError};
use super::event::{Event, decode};
use super::link::Link;
use crate::protocol::args::IntoArgs;
use crate::protocol::frame::Opcode;
use crate::protocol::packet;
use crate::protocol::sid::Sid;
use crate::server::{Answer, Server};

/// A client of a server in the same process: one socket in one namespace, on a connection of its own.
///
/// Events that came and have not been taken wait in order, up to 10,000; beyond that it reads no more, as a slow client would. Dropped,
/// it cuts the connection without a word: the server hears of a `transport close`. [`disconnect`](Self::disconnect) says good-bye.
pub struct Client {
    id: Sid,
    link: Arc<Link>,
    events: mpsc::Receiver<Event>,
    /// Have come before one that was asked for by name.
    passed: VecDeque<Event>,
    reading: JoinHandle<()>,
    deadline: Duration,
}

impl Client {
    /// Enters the namespace `/` of `server` without auth. [`builder`](Self::builder) has more to say.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::connect`].
    pub async fn connect(server: &Server) -> Result<Self, TestError> {
        Client::builder(server).connect().await
    }

    /// A client with a namespace, auth, headers, …
    pub fn builder(server: &Server) -> ClientBuilder {
        ClientBuilder::new(server)
    }

    pub(super) fn new(
        link: Arc<Link>,
        events: mpsc::Receiver<Event>,
        reading: JoinHandle<()>,
        deadline: Duration,
    ) -> Self {
        Client { id: Sid::from(""), link, events, passed: VecDeque::new(), reading, deadline }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    pub(super) fn has_entered(&mut self, id: Sid) {
        self.id = id;
    }

    /// Its id, by which the server knows it: `io.socket(client.id())`.
    #[must_use]
    pub fn id(&self) -> &Sid {
        &self.id
    }

    /// Emits an event: a tuple is several arguments, `()` none, `bytes::Bytes` and `serde_bytes` anywhere inside are attachments.
    ///
    /// It is on its way when this returns; that a handler has run is known by an [ack](Self::emit_with_ack).
    ///
    /// # Errors
    ///
    /// [`TestError::Ended`], [`TestError::Encode`]: nothing was sent. [`TestError::Timeout`]: the server does not read, and the client is
    /// of no use any more.
    pub async fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), TestError> {
        self.link.send(|out| packet::encode_event(out, &self.link.namespace, None, event, &args)).await
    }

    /// Emits an event and waits for the handler's answer: one argument is the value itself, several are a tuple, none is `()`.
    ///
    /// What the server sent to this client before it answered has come by then, see [`waiting`](Self::waiting).
    ///
    /// # Errors
    ///
    /// [`TestError::Timeout`]: nobody answered; the log says whether there is a handler, and whether it failed.
    /// [`TestError::Decode`]: the answer is no `T`.
    pub async fn emit_with_ack<T: Answer>(&self, event: &str, args: impl IntoArgs) -> Result<T, TestError> {
        let (id, answer) = self.link.ask();
        let encoded =
            |out: &mut Vec<u8>| packet::encode_event(out, &self.link.namespace, Some(id), event, &args);
        let asked = async {
            self.link.send(encoded).await?;
            answer.await.map_err(|_| self.gone())
        };
        let what = || format!("the answer to {event:?}");
        let answer = timeout(self.deadline, asked).await;
        self.link.forget(id);
        match answer {
            Ok(answer) => decode(&answer?, what),
            Err(_) => Err(self.timed_out(what())),
        }
    }

    /// The arguments of the next event called `event`: one argument is the value itself, several are a tuple, none is `()`.
    ///
    /// Events of other names that came before it are passed over, and stay for later.
    ///
    /// # Errors
    ///
    /// [`TestError::Timeout`]: it has not come, and which ones have. [`TestError::Ended`]: it will not.
    /// [`TestError::Decode`]: it has come, with other arguments.
    pub async fn receive<T: Answer>(&mut self, event: &str) -> Result<T, TestError> {
        self.event(event).await?.args()
    }

    /// The next event called `event`, to look at or to [answer](Event::ack).
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub async fn event(&mut self, event: &str) -> Result<Event, TestError> {
        if let Some(at) = self.passed.iter().position(|passed| passed.name() == event)
            && let Some(found) = self.passed.remove(at)
        {
            return Ok(found);
        }
        let until = crate::engine::deadline(self.deadline);
        loop {
            match timeout_at(until, self.events.recv()).await {
                Ok(Some(next)) if next.name() == event => return Ok(next),
                Ok(Some(next)) => self.passed.push_back(next),
                Ok(None) => return Err(self.gone()),
                Err(_) => return Err(self.timed_out(format!("the event {event:?}"))),
            }
        }
    }

    /// The next event, whatever it is called.
    ///
    /// # Errors
    ///
    /// [`TestError::Timeout`], [`TestError::Ended`].
    pub async fn next(&mut self) -> Result<Event, TestError> {
        if let Some(passed) = self.passed.pop_front() {
            return Ok(passed);
        }
        match timeout(self.deadline, self.events.recv()).await {
            Ok(Some(next)) => Ok(next),
            Ok(None) => Err(self.gone()),
            Err(_) => Err(self.timed_out("an event".to_owned())),
        }
    }

    /// The names of the events that have come and have not been taken, in order.
    ///
    /// To show that something was *not* sent: [ask](Self::emit_with_ack) for anything, and look here after the answer.
    pub fn waiting(&mut self) -> Vec<&str> {
        while let Ok(event) = self.events.try_recv() {
            self.passed.push_back(event);
        }
        self.passed.iter().map(Event::name).collect()
    }

    /// Whether it is still connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.link.ended().borrow().is_none()
    }

    /// Waits until the client has been sent away, or the connection is closed, and says how that came.
    ///
    /// # Errors
    ///
    /// [`TestError::Timeout`]: it is still connected.
    pub async fn disconnected(&self) -> Result<Ended, TestError> {
        let mut ended = self.link.ended();
        let told = timeout(self.deadline, ended.wait_for(Option::is_some)).await;
        match told {
            Ok(Ok(ended)) => Ok(ended.unwrap_or(Ended::Closed)),
            Ok(Err(_)) => Ok(Ended::Closed),
            Err(_) => Err(self.timed_out("the end of the connection".to_owned())),
        }
    }

    /// Leaves the namespace and closes the connection; the server's disconnect handler has been started when this returns.
    ///
    /// # Errors
    ///
    /// [`TestError::Timeout`]: the server did not close its side.
    pub async fn disconnect(mut self) -> Result<(), TestError> {
        let leaving = async {
            let leave = |out: &mut Vec<u8>| {
                packet::encode_disconnect(out, &self.link.namespace);
                Ok(Vec::new())
            };
            // Where it has ended already there is nobody to tell.
            if self.link.send(leave).await.is_ok() {
                let _ = self.link.send_frame(Opcode::Close, &1000_u16.to_be_bytes()).await;
            }
            self.link.end(Ended::ByClient);
            // What still comes is for nobody.
            self.events.close();
            let _ = (&mut self.reading).await;
        };
        let left = timeout(self.deadline, leaving).await;
        left.map_err(|_| self.timed_out("the server to close the connection".to_owned()))
    }

    /// What to say when nothing will come any more.
    pub(super) fn gone(&self) -> TestError {
        TestError::Ended(self.link.ended().borrow().unwrap_or(Ended::Closed))
    }

    fn timed_out(&self, what: String) -> TestError {
        let instead = self.passed.iter().map(|event| event.name().to_owned()).collect();
        TestError::Timeout { what, waited: self.deadline, instead }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("link", &self.link).finish_non_exhaustive()
    }
}
