//! A resource for actix-web: its requests and answers as ours, and its connections as WebSockets.
//!
//! actix-web is not built on hyper: it has HTTP types of its own, its bodies stay on the worker's thread, and it never gives a connection
//! away. So bodies go over in pieces, and behind a 101 both directions do, as request and answer that have no end:
//!
//! ```text
//! actix's worker                          the server's runtime
//! POST   payload ─ one piece at a time ─> body
//! 101    payload ─ pipe of 64 KiB ──────> WebSocket
//!        answer  <─ pipe of 64 KiB ────── WebSocket
//! ```
//!
//! Whoever reads slowly holds up the other end, not a queue between them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Resource, rt, web};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

use super::body::Body;
use super::service::SocketIoService;
use super::{Peer, Upgrade};
use crate::server::Server;

impl Server {
    /// The server as a resource of an actix-web application: `App::new().service(io.actix_resource())`.
    ///
    /// It takes the server's path and all below it, and that of [`health_path`](crate::server::ServerBuilder::health_path). Registered in a
    /// `web::scope("/api")` it is `/api/socket.io`; build the server with `.path("/api/socket.io")` then.
    ///
    /// Build the server on a runtime that outlives actix's workers and has threads of its own: that of `#[tokio::main]`. Handlers and
    /// sessions run there, whichever worker has the connection. One server is shared by all workers: build it outside `HttpServer::new`.
    ///
    /// ```no_run
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use actix_web::{App, HttpServer};
    /// use socketio_core::Server;
    ///
    /// let io = Server::builder().build()?;
    /// HttpServer::new(move || App::new().service(io.actix_resource())).bind("127.0.0.1:3000")?.run().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// What actix-web does not do: it has no deadline for a client that does not read its answer, so that the TCP connection of such a
    /// client outlives its session, which ends in time. Put a proxy before it, or use [`Server::serve`].
    pub fn actix_resource(&self) -> Resource {
        let service = self.service();
        web::resource(service.actix_paths()).to(move |request: HttpRequest, payload: web::Payload| {
            let service = service.clone();
            async move { answer(service, &request, payload).await }
        })
    }
}

async fn answer(service: SocketIoService, asked: &HttpRequest, mut payload: web::Payload) -> HttpResponse {
    let Some(mut request) = head(asked) else { return HttpResponse::BadRequest().finish() };
    let peer = asked.peer_addr().map_or_else(Peer::unix, Peer::from);
    let peer = Some(peer.secure(asked.app_config().secure()));
    if !asks_for_websocket(&request) {
        let body = Incoming::of(&request, payload);
        return answered(service.answer(request.map(|()| body), peer).await);
    }
    let (ours, theirs) = tokio::io::duplex(PIPE);
    request.extensions_mut().insert(Upgrade::new(std::future::ready(Ok(theirs))));
    let response = service.answer(request.map(|()| Body::empty()), peer).await;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return answered(response);
    }
    let (from_server, mut to_server) = tokio::io::split(ours);
    rt::spawn(async move {
        // The end of either side, and a client that is gone, end the stream.
        while let Some(Ok(bytes)) = payload.next().await {
            if to_server.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to_server.shutdown().await;
    });
    let mut builder = head_of(&response);
    builder.upgrade("websocket");
    builder.streaming(bytes_of(from_server))
}

/// Then what follows its head is the WebSocket's. Who asks for something else, such as `h2c`, has a body.
fn asks_for_websocket(request: &Request<()>) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    *request.method() == Method::GET && upgrade.is_some_and(|name| name.eq_ignore_ascii_case("websocket"))
}

/// The request without its body; `None` where it is none that the field's types can hold.
fn head(asked: &HttpRequest) -> Option<Request<()>> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(asked.method().as_str().as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(asked.uri().to_string()).ok()?;
    *request.version_mut() = match asked.version() {
        actix_web::http::Version::HTTP_2 => http::Version::HTTP_2,
        actix_web::http::Version::HTTP_10 => http::Version::HTTP_10,
        _ => http::Version::HTTP_11,
    };
    for (name, value) in asked.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(request)
}

fn answered(response: Response<Body>) -> HttpResponse {
    let mut builder = head_of(&response);
    if response.headers().get(header::CONNECTION).is_some_and(|value| value == "close") {
        builder.force_close();
    }
    builder.body(Outgoing(response.into_body()))
}

/// Status and headers, but for those that actix-web writes itself.
fn head_of(response: &Response<Body>) -> HttpResponseBuilder {
    let status = actix_web::http::StatusCode::from_u16(response.status().as_u16());
    let mut builder = HttpResponse::build(status.expect("it is a status here as there"));
    for (name, value) in response.headers() {
        if *name != header::CONNECTION && *name != header::UPGRADE && *name != header::CONTENT_LENGTH {
            builder.append_header((name.as_str(), value.as_bytes()));
        }
    }
    builder
}

fn bytes_of(from_server: tokio::io::ReadHalf<DuplexStream>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(from_server, |mut from_server| async {
        let mut bytes = BytesMut::new();
        match from_server.read_buf(&mut bytes).await {
            Ok(read) if read > 0 => Some((Ok(bytes.freeze()), from_server)),
            _ => None,
        }
    })
}

/// A request's body, whose pieces come from the worker.
struct Incoming(Option<mpsc::Receiver<Result<Bytes, actix_web::error::PayloadError>>>);

impl Incoming {
    fn of(request: &Request<()>, mut payload: web::Payload) -> Self {
        if *request.method() != Method::POST {
            return Incoming(None);
        }
        let (sender, pieces) = mpsc::channel(1);
        rt::spawn(async move {
            while let Some(piece) = payload.next().await {
                if sender.send(piece).await.is_err() {
                    return; // nobody wants the rest: actix closes the connection
                }
            }
        });
        Incoming(Some(pieces))
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = actix_web::error::PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(pieces) = &mut self.0 else { return Poll::Ready(None) };
        let piece = ready!(pieces.poll_recv(cx));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.0.is_none() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}

/// An answer's body, in actix-web's terms.
struct Outgoing(Body);

impl MessageBody for Outgoing {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0.size_hint().exact().map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let Some(Ok(frame)) = ready!(Pin::new(&mut self.0).poll_frame(cx)) else { return Poll::Ready(None) };
        Poll::Ready(frame.into_data().ok().map(Ok))
    }
}

/// Bytes that may be on their way in one direction of a WebSocket.
const PIPE: usize = 64 * 1024;
