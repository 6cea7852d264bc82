//! Another application on the same port: a plain function from request to response.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tower_service::Service;

use crate::server::inner::ServerInner;

/// The function, which may block.
pub(super) type Function = Arc<dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync>;

/// The same as a service: bodies are read here, the function runs on a thread of the pool.
#[derive(Clone)]
pub(super) struct Fallback {
    function: Function,
    server: Arc<ServerInner>,
}

impl Fallback {
    pub(super) fn new(function: Function, server: Arc<ServerInner>) -> Self {
        Fallback { function, server }
    }

    async fn answer<B>(self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: HttpBody,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body = match read(body, self.server.engine.config.max_payload).await {
            Ok(body) => body,
            Err(status) => return plain(status),
        };
        let (function, request) = (self.function, Request::from_parts(head, body));
        let answering = move || catch_unwind(AssertUnwindSafe(|| function(request)));
        match self.server.blocking.run("a request", answering).await {
            Ok(response) => response.map(Full::new),
            Err(_) => {
                self.server.counting.handler_panics.one();
                tracing::error!(target: "socketio", "the fallback panicked; the request is answered 500");
                plain(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

/// A whole body of `limit` bytes at most.
async fn read<B>(body: B, limit: usize) -> Result<Bytes, StatusCode>
where
    B: HttpBody,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = tokio::time::timeout(BODY_WITHIN, Limited::new(body, limit).collect());
    match whole.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response
}

/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(60);

impl<B> Service<Request<B>> for Fallback
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answering = self.clone().answer(request);
        Box::pin(async move { Ok(answering.await) })
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallback")
    }
}
