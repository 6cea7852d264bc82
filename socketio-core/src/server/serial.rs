//! One event after the other, where `async_handlers(false)` asks for it.
//!
//! ```text
//! an event arrives:  no handler of the connection waits, nothing is queued -> it starts in place
//!                    else -> its arguments are copied into the queue, and the client is read on: its pongs, its answers
//! a handler ends:    a task starts what is queued, until one of those has to wait again
//! ```
//!
//! Answers of the client pass the queue by: a handler may wait for one. When the queue is full the client is not read any more.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;

use super::life::Early;
use super::link::Link;
use super::{Socket, dispatch};
use crate::engine::{Close, Held, Limit, Session};
use crate::sync::{self, Mutex, MutexGuard};

/// The events of one connection that wait for their turn.
#[derive(Debug)]
pub(crate) struct Serial {
    state: Mutex<State>,
    max_events: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody is starting events.
    starting: bool,
    queue: VecDeque<(Socket, Early)>,
    bytes: usize,
    held: Option<Held>,
    full: bool,
}

/// Handles an event of the client, now or in its turn.
pub(crate) fn event(
    socket: &Socket,
    serial: &Serial,
    data: &str,
    attachments: &[Bytes],
    id: Option<u64>,
) -> Result<(), Close> {
    let link = socket.link();
    if !serial.begin(link) {
        let early = Early { is_ack: false, id, data: data.into(), attachments: attachments.to_vec() };
        if serial.push(socket, early) {
            drain(link, serial);
        }
        return Ok(());
    }
    let handled = dispatch::event(socket, data, attachments, id);
    drain(link, serial);
    handled
}

/// A handler has ended: what is queued may start.
pub(crate) fn handler_ended(link: &Arc<Link>) {
    let Some(serial) = link.serial() else { return };
    let runtime = {
        let mut state = serial.lock();
        if state.starting || link.is_busy() {
            return;
        }
        let Some((socket, _)) = state.queue.front() else { return };
        let runtime = socket.server().engine.runtime.clone();
        state.starting = true;
        runtime
    };
    let link = link.clone();
    sync::spawn(&runtime, async move {
        if let Some(serial) = link.serial() {
            drain(&link, serial);
        }
    });
}

/// Starts what is queued, until a handler has to wait.
fn drain(link: &Arc<Link>, serial: &Serial) {
    while let Some((socket, event)) = serial.next(link) {
        if let Err(close) = dispatch::event(&socket, &event.data, &event.attachments, event.id) {
            socket.engine_session().close(close);
        }
    }
    link.wake();
}

impl Serial {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Box<Self> {
        Box::new(Serial { state: Mutex::default(), max_events, max_bytes })
    }

    /// Whether another event has room; `times` as many have while the client is asked something.
    pub(crate) fn has_room(&self, times: usize) -> bool {
        let state = self.lock();
        state.queue.len() < self.max_events.saturating_mul(times)
            && state.bytes < self.max_bytes.saturating_mul(times)
    }

    /// The client is not read for want of room: once for each time.
    pub(crate) fn note_full(&self, session: &Session) {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.full, true) {
            drop(state);
            let detail = "the client is not read until its handlers have caught up";
            session.engine.reached.note(Limit::QueuedEvents, session.id(), detail);
        }
    }

    /// Takes the right to start events; `false` where an event has to wait for others.
    fn begin(&self, link: &Link) -> bool {
        let mut state = self.lock();
        let free = !state.starting && state.queue.is_empty() && !link.is_busy();
        state.starting |= free;
        free
    }

    /// Queues an event; `true` when what it had to wait for has ended meanwhile: the caller has the right to start it.
    fn push(&self, socket: &Socket, event: Early) -> bool {
        let session = socket.engine_session();
        let mut state = self.lock();
        state.bytes += event.size();
        let bytes = state.bytes;
        state.queue.push_back((socket.clone(), event));
        state.held.get_or_insert_with(|| Held::new(session)).set(bytes);
        let free = !state.starting && !socket.link().is_busy();
        state.starting |= free;
        free
    }

    /// The next event to start; with `None` the right to start any is given back.
    fn next(&self, link: &Link) -> Option<(Socket, Early)> {
        let mut state = self.lock();
        let next = if link.is_busy() { None } else { state.queue.pop_front() };
        let Some((socket, event)) = next else {
            state.starting = false;
            return None;
        };
        state.full = false;
        state.bytes -= event.size();
        let bytes = state.bytes;
        let gone = match &mut state.held {
            Some(held) if bytes > 0 => {
                held.set(bytes);
                None
            }
            held => held.take(),
        };
        drop(state);
        drop(gone);
        Some((socket, event))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
