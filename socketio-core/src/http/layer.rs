//! The server as a `tower` layer: it answers for its path, and passes on what is for others.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

use super::body::Body;
use super::service::SocketIoService;

/// Puts the server before another service: `Router::new().layer(io.layer())`.
///
/// What [`SocketIoService`] asks of the host server holds here, too.
#[derive(Clone, Debug)]
pub struct SocketIoLayer {
    service: SocketIoService,
}

impl SocketIoLayer {
    pub(crate) fn new(service: SocketIoService) -> Self {
        SocketIoLayer { service }
    }
}

impl<S> Layer<S> for SocketIoLayer {
    type Service = SocketIoMiddleware<S>;

    fn layer(&self, inner: S) -> SocketIoMiddleware<S> {
        SocketIoMiddleware { service: self.service.clone(), inner }
    }
}

/// A service that answers for the server's path and passes on the rest to `S`.
#[derive(Clone, Debug)]
pub struct SocketIoMiddleware<S> {
    service: SocketIoService,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for SocketIoMiddleware<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = Response<MiddlewareBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.service.is_for(&request) {
            let answer = self.service.answer(request);
            Box::pin(answer.map(|response| Ok(response.map(MiddlewareBody::ours))))
        } else {
            let answer = self.inner.call(request);
            Box::pin(async move { Ok(answer.await?.map(MiddlewareBody::theirs)) })
        }
    }
}

/// The body of a response, ours or that of the service behind us.
#[derive(Debug)]
pub struct MiddlewareBody<B>(Whose<B>);

#[derive(Debug)]
enum Whose<B> {
    Ours(Body),
    Theirs(Pin<Box<B>>),
}

impl<B> MiddlewareBody<B> {
    fn ours(body: Body) -> Self {
        MiddlewareBody(Whose::Ours(body))
    }

    fn theirs(body: B) -> Self {
        MiddlewareBody(Whose::Theirs(Box::pin(body)))
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for MiddlewareBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.0 {
            Whose::Ours(body) => {
                let Ok(frame) = ready!(Pin::new(body).poll_frame(cx)).transpose();
                Poll::Ready(frame.map(Ok))
            }
            Whose::Theirs(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Whose::Ours(body) => body.is_end_stream(),
            Whose::Theirs(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Whose::Ours(body) => body.size_hint(),
            Whose::Theirs(body) => body.size_hint(),
        }
    }
}
