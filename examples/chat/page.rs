//! The files that browsers load, by path.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use tower_service::Service;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What is served beside Socket.IO.
#[derive(Clone)]
pub(crate) struct Page(Arc<HashMap<&'static str, (&'static str, Bytes)>>);

impl Page {
    /// The chat's files, which are part of the program, and the official client, which is in `folder`.
    pub(crate) fn new(folder: &Path) -> Result<Self, String> {
        let client = folder.join("socket.io.min.js");
        let client = std::fs::read(&client).map_err(|error| format!("{}: {error}", client.display()))?;
        Ok(Self(Arc::new(HashMap::from([
            ("/", (HTML, Bytes::from_static(include_bytes!("index.html")))),
            ("/chat.css", (CSS, Bytes::from_static(include_bytes!("chat.css")))),
            ("/chat.js", (JAVASCRIPT, Bytes::from_static(include_bytes!("chat.js")))),
            ("/socket.io.min.js", (JAVASCRIPT, client.into())),
        ]))))
    }

    /// The worker's page too.
    #[cfg(feature = "worker")]
    pub(crate) fn with_worker(mut self) -> Self {
        Arc::make_mut(&mut self.0).extend([
            ("/worker/", (HTML, Bytes::from_static(include_bytes!("../worker/index.html")))),
            ("/worker/worker.css", (CSS, Bytes::from_static(include_bytes!("../worker/worker.css")))),
            ("/worker/worker.js", (JAVASCRIPT, Bytes::from_static(include_bytes!("../worker/worker.js")))),
        ]);
        self
    }
}

impl<B> Service<Request<B>> for Page {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut response = Response::default();
        match self.0.get(request.uri().path()) {
            Some((kind, bytes)) => {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                *response.body_mut() = Full::new(bytes.clone());
            }
            None => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        ready(Ok(response))
    }
}
