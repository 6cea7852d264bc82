//! What an [`App`](super::App) answers: its future, and its body.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::BoxError;
use crate::http::body::Body;
use crate::http::static_files::FileBody;

/// The answer to come.
pub struct AppFuture<R, E>(Whose<R, E>);

enum Whose<R, E> {
    Engine(Answering<Response<Body>>),
    Elsewhere(Answering<Result<Response<AppBody<R>>, E>>),
}

type Answering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<R, E> AppFuture<R, E> {
    pub(super) fn engine(answer: impl Future<Output = Response<Body>> + Send + 'static) -> Self {
        AppFuture(Whose::Engine(Box::pin(answer)))
    }

    pub(super) fn elsewhere(
        answer: impl Future<Output = Result<Response<AppBody<R>>, E>> + Send + 'static,
    ) -> Self {
        AppFuture(Whose::Elsewhere(Box::pin(answer)))
    }
}

impl<R, E> Future for AppFuture<R, E> {
    type Output = Result<Response<AppBody<R>>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Whose::Engine(answer) => answer.as_mut().poll(cx).map(|response| Ok(response.map(AppBody::ours))),
            Whose::Elsewhere(answer) => answer.as_mut().poll(cx),
        }
    }
}

impl<R, E> fmt::Debug for AppFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppFuture").finish_non_exhaustive()
    }
}

/// The body of a response: of Socket.IO, of a static file, or `R`, the other application's.
///
/// It fails when a file turns out shorter than it was, or cannot be read to its end, and when `R` does.
#[derive(Debug)]
pub struct AppBody<R>(Part<R>);

#[derive(Debug)]
enum Part<R> {
    Ours(Body),
    File(FileBody),
    Theirs(Pin<Box<R>>),
}

impl<R> AppBody<R> {
    pub(super) fn ours(body: Body) -> Self {
        AppBody(Part::Ours(body))
    }

    pub(super) fn file(body: FileBody) -> Self {
        AppBody(Part::File(body))
    }

    pub(super) fn theirs(body: R) -> Self {
        AppBody(Part::Theirs(Box::pin(body)))
    }
}

impl<R> HttpBody for AppBody<R>
where
    R: HttpBody<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Part::Ours(body) => {
                let Ok(frame) = ready!(Pin::new(body).poll_frame(cx)).transpose();
                Poll::Ready(frame.map(Ok))
            }
            Part::File(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Part::Theirs(body) => body.as_mut().poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Part::Ours(body) => body.is_end_stream(),
            Part::File(body) => body.is_end_stream(),
            Part::Theirs(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Part::Ours(body) => body.size_hint(),
            Part::File(body) => body.size_hint(),
            Part::Theirs(body) => body.size_hint(),
        }
    }
}
