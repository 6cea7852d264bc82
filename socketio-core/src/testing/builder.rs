//! How a test's client connects.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Extensions, HeaderName, HeaderValue, Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::sync::mpsc;

use super::client::Client;
use super::error::TestError;
use super::link::{self, Link};
use super::pipe;
use crate::adapter::operation::with_slash;
use crate::http::{Body, Peer};
use crate::protocol::packet::{Kind, encode_header};
use crate::server::Server;

/// What a [`Client`] brings along: [`Client::builder`] makes it.
#[derive(Debug)]
#[must_use = "nobody is there before `connect`"]
pub struct ClientBuilder {
    server: Server,
    namespace: String,
    auth: Result<String, String>,
    query: String,
    headers: Vec<(String, String)>,
    extensions: Extensions,
    deadline: Duration,
}

impl ClientBuilder {
    pub(super) fn new(server: &Server) -> Self {
        ClientBuilder {
            server: server.clone(),
            namespace: "/".to_owned(),
            auth: Ok(String::new()),
            query: String::new(),
            headers: Vec::new(),
            extensions: Extensions::new(),
            deadline: Duration::from_secs(5),
        }
    }

    /// The namespace that it enters; a leading `/` is added where it is missing. Default: `/`.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = with_slash(namespace);
        self
    }

    /// What [`Auth`](crate::Auth) will be: an object, as clients send it. Default: none.
    pub fn auth(mut self, auth: impl Serialize) -> Self {
        self.auth = serde_json::to_string(&auth).map_err(|error| error.to_string());
        self
    }

    /// Adds a header to the request that opens the connection: `cookie`, `origin`, `authorization`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a parameter to the query of that request.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        self.query.push_str(&format!("&{}={}", encoded(name), encoded(value)));
        self
    }

    /// What [`Handshake::address`](crate::Handshake::address) will be. Default: none.
    pub fn address(self, address: SocketAddr) -> Self {
        self.extension(Peer::from(address))
    }

    /// What a middleware of the host framework would put into the request, for the extractor [`Extension`](crate::Extension).
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// How long the client waits for anything. Default: 5 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Opens the connection and enters the namespace.
    ///
    /// # Errors
    ///
    /// [`TestError::Request`]: the request was refused. [`TestError::Refused`]: `on_connect` said no, or there is no such namespace.
    /// [`TestError::Timeout`]: neither has answered.
    pub async fn connect(self) -> Result<Client, TestError> {
        let auth = self.auth.clone().map_err(TestError::Protocol)?;
        let request = self.request()?;
        let opening = pipe::open(self.server.service(), request, self.extensions);
        let timeout = |what: &str| TestError::Timeout {
            what: what.to_owned(),
            waited: self.deadline,
            instead: Vec::new(),
        };
        let opened = tokio::time::timeout(self.deadline, opening).await;
        let (reader, writer) = opened.map_err(|_| timeout("the connection"))??;

        let (link, entered) = Link::new(&self.namespace, writer, self.deadline);
        let (sender, events) = mpsc::channel(EVENTS);
        let reading = tokio::spawn(link::read(reader, link.clone(), sender));
        let mut client = Client::new(link, events, reading, self.deadline);
        let connect = |out: &mut Vec<u8>| {
            encode_header(out, Kind::Connect, 0, &self.namespace, None);
            out.extend_from_slice(auth.as_bytes());
            Ok(Vec::new())
        };
        client.link().send(connect).await?;
        match tokio::time::timeout(self.deadline, entered).await {
            Ok(Ok(id)) => client.has_entered(id?.into()),
            Ok(Err(_)) => return Err(client.gone()),
            Err(_) => return Err(timeout("the answer of on_connect")),
        }
        Ok(client)
    }

    fn request(&self) -> Result<Request<Body>, TestError> {
        let service = self.server.service();
        let path = service.path();
        let wrong = |error: &dyn std::fmt::Display| TestError::Protocol(error.to_string());
        let request = Request::get(format!("{path}/?EIO=4&transport=websocket{}", self.query));
        let mut request = request.body(Body::empty()).map_err(|error| wrong(&error))?;
        let headers = request.headers_mut();
        for (name, value) in [
            (header::HOST, "localhost"),
            (header::CONNECTION, "upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, "MDEyMzQ1Njc4OWFiY2RlZg=="),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(&error))?;
            let value = HeaderValue::from_str(value).map_err(|error| wrong(&error))?;
            if name == header::HOST {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        Ok(request)
    }
}

/// Events that may have come and not been taken: then the client is a slow one, and the server's queue fills.
const EVENTS: usize = 10_000;
