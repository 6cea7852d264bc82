//! The server of its own: an accept loop, and a task per connection that never outlives its deadlines.
//!
//! ```text
//! accepted ──head within 10 s──> request ──answered──> next head within 30 s ─ … ─> closed
//!    │                            └ WebSocket: the connection leaves hyper, and this module
//!    ├ no first head within 10 s: cut
//!    ├ head too large: 431
//!    └ 30 s without a handler at work or a byte taken: told to end, cut 10 s later if nothing has moved again
//! ```
//!
//! HTTP/1.1 with upgrades and HTTP/2 with prior knowledge, told apart by their first bytes. Extended CONNECT is not announced.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tower_service::Service;

use super::app::{App, BoxError};
use super::connections::{Connections, Entry, Phase};
use super::listener::Listener;
use super::watch::Activity;
use crate::engine::Peer;

/// Accepts connections until `shutdown` resolves, and gives the listener back to the system.
///
/// Connections that are open then live on, so that answers can be finished: end them with [`Connections::finish`].
pub(super) async fn serve<L, F, R>(app: App<F>, listener: L, shutdown: impl Future<Output = ()>)
where
    L: Listener,
    F: Service<Request<Incoming>, Response = Response<R>> + Clone + Send + 'static,
    F::Future: Send + 'static,
    F::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let connections = app.service().connections().clone();
    let door = app.service().clone();
    let answer = move |request, peer| app.answer(request, Some(peer));
    accept(answer, &connections, listener, Limits::default(), move || door.is_full(), shutdown).await;
}

/// Deadlines of a connection.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From its start to the whole head of its first request.
    head: Duration,
    /// Without a handler at work or a byte of an answer taken: to the whole head of the next request, too.
    idle: Duration,
    /// From being told to end, where nothing moves or a shutdown waits.
    close: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Limits { head: seconds(10), idle: seconds(30), close: seconds(10) }
    }
}

async fn accept<L, A, F, R, E>(
    answer: A,
    connections: &Connections,
    mut listener: L,
    limits: Limits,
    is_full: impl Fn() -> bool,
    shutdown: impl Future<Output = ()>,
) where
    L: Listener,
    A: Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<R>, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
    R: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    R::Error: Into<BoxError>,
{
    let builder = Arc::new(builder(limits));
    let mut shutdown = pin!(shutdown);
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    loop {
        let accepted = {
            let mut accepted = pin!(listener.accept());
            std::future::poll_fn(|cx| match shutdown.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => accepted.as_mut().poll(cx).map(Some),
            })
            .await
        };
        let Some((io, peer)) = accepted else { return };
        if is_full() {
            // More than so many are closed without a word.
            if let Ok(permit) = turned_away.clone().try_acquire_owned() {
                tokio::spawn(turn_away(io, permit));
            }
            continue;
        }
        tokio::spawn(connection(io, peer, answer.clone(), builder.clone(), connections.enter(), limits));
    }
}

/// Tells a client that there is no place for it. What it sends is read for a moment, so that the answer is not lost to a reset.
async fn turn_away<I>(mut io: I, _permit: OwnedSemaphorePermit)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let said = async {
        io.write_all(NO_PLACE).await?;
        io.shutdown().await?;
        let mut sink = [0; 1024];
        while io.read(&mut sink).await? > 0 {}
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(TURN_AWAY_WITHIN, said).await;
}

/// Serves one connection.
async fn connection<I, A, F, R, E>(
    io: I,
    peer: Peer,
    answer: A,
    builder: Arc<Builder<TokioExecutor>>,
    entry: Entry,
    limits: Limits,
) where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    A: Fn(Request<Incoming>, Peer) -> F + Send + 'static,
    F: Future<Output = Result<Response<R>, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
    R: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    R::Error: Into<BoxError>,
{
    let activity = Activity::new(limits.head, limits.idle);
    let watching = activity.clone();
    let answer = service_fn(move |request: Request<Incoming>| {
        let at_work = watching.begin();
        let activity = watching.clone();
        let response = answer(request, peer);
        async move {
            let response = response.await.map_err(ApplicationFailed::with);
            drop(at_work);
            response.map(|response| response.map(|body| activity.watch(body)))
        }
    });
    let connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), answer));
    drive(connection, |connection| connection.graceful_shutdown(), &activity, entry, limits).await;
}

/// Nothing else fails: the engine and static files always have an answer.
#[derive(Debug, thiserror::Error)]
#[error("the application behind the server failed")]
struct ApplicationFailed;

impl ApplicationFailed {
    fn with(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        tracing::error!(target: "socketio", error = &*error, "the application behind the server failed, its connection is closed");
        ApplicationFailed
    }
}

/// Polls a connection to its end, or to a deadline. `end` tells it to end after the requests that are under way.
async fn drive<C, E>(
    mut connection: Pin<&mut C>,
    end: impl Fn(Pin<&mut C>),
    activity: &Activity,
    mut entry: Entry,
    limits: Limits,
) where
    C: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut phase = Phase::Serving;
    let mut deadline = activity.deadline();
    let mut told = false;
    loop {
        match next(connection.as_mut(), &mut entry, phase, deadline).await {
            Event::Ended(Ok(())) => return,
            Event::Ended(Err(error)) => {
                tracing::debug!(target: "engineio", %error, "HTTP connection failed");
                return;
            }
            Event::Phase(Phase::Over) => return,
            Event::Phase(other) => {
                phase = other;
                deadline = Instant::now() + limits.close;
            }
            Event::Deadline => {
                deadline = activity.deadline();
                // What moves again after a pause is waited for, but not by a shutdown.
                if deadline > Instant::now() && phase == Phase::Serving {
                    continue;
                }
                if told {
                    tracing::debug!(target: "engineio", "HTTP connection cut: it did not end when told to");
                    return;
                }
                // Who has not asked for anything has nothing to wait for.
                deadline = Instant::now() + if activity.has_begun() { limits.close } else { Duration::ZERO };
            }
        }
        end(connection.as_mut());
        told = true;
    }
}

enum Event<T> {
    Ended(T),
    Phase(Phase),
    Deadline,
}

async fn next<C: Future>(
    mut connection: Pin<&mut C>,
    entry: &mut Entry,
    phase: Phase,
    deadline: Instant,
) -> Event<C::Output> {
    let mut other_phase = pin!(entry.other_phase(phase));
    let mut deadline = pin!(tokio::time::sleep_until(deadline));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = connection.as_mut().poll(cx) {
            return Poll::Ready(Event::Ended(output));
        }
        if let Poll::Ready(phase) = other_phase.as_mut().poll(cx) {
            return Poll::Ready(Event::Phase(phase));
        }
        deadline.as_mut().poll(cx).map(|()| Event::Deadline)
    })
    .await
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // How long a head may take says `Activity`: a timer of hyper's would be made anew for each request.
    builder.http1().header_read_timeout(None).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.idle)
        .keep_alive_timeout(limits.close)
        .max_header_list_size(MAX_HEAD as u32)
        .max_concurrent_streams(MAX_STREAMS);
    builder
}

/// Connections that are told at a time that there is no place for them.
const TURNED_AWAY: usize = 32;
const TURN_AWAY_WITHIN: Duration = Duration::from_secs(1);
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-type: application/json\r\ncontent-length: 43\r\n\r\n{\"code\":3,\"message\":\"Too many connections\"}";
/// Bytes of a request's head, and of what hyper holds of a response before it has been written. hyper allows 100 headers.
const MAX_HEAD: usize = 32 * 1024;
/// Requests that an HTTP/2 client may have under way at once.
const MAX_STREAMS: u32 = 100;

#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
