//! The whole HTTP interface: every request gets an answer, and a refusal its line in the log.

use std::net::IpAddr;
use std::sync::Arc;

use ::http::Response;
use ::http::request::Parts;

use super::admission::Place;
use super::cors::Grant;
use super::parts::path_only;
use super::promise::Promise;
use super::proxies::{Client, Peer};
use super::request::{self, Refusal, RequestKind, Route};
use super::{Application, BoxError, Engine, Handshake, polling, upgrade};
use crate::http::Body;
use crate::protocol::engine::Transport;
use crate::protocol::sid::SessionId;

impl Engine {
    /// The answer to any request of `peer`, a refusal too.
    pub(crate) async fn handle<B>(
        self: &Arc<Self>,
        application: &Arc<dyn Application>,
        parts: &mut Parts,
        body: B,
        peer: Option<&Peer>,
    ) -> Response<Body>
    where
        B: http_body::Body + Unpin,
        B::Error: Into<BoxError>,
    {
        if let Some(peer) = peer.filter(|_| self.config.shows_requests()) {
            parts.extensions.insert(*peer);
        }
        let client = self.config.trusted_proxies.client(parts, peer);
        let grant = self.config.cors.check(parts, &client);
        let answered = match &grant {
            Ok(grant) => self.answer(application, grant, parts, body, &client, peer).await,
            Err(refusal) => Err(refusal.clone()),
        };
        let mut response = answered.unwrap_or_else(|refusal| {
            self.counters.refused();
            if let Some(limit) = refusal.limit() {
                self.reached.count(limit);
            }
            self.refusals.log(&refusal, path_only(&parts.uri), client.address);
            self.config.hooks.refused(parts, &refusal);
            refusal.into_response(RequestKind::of(parts))
        });
        if let Ok(grant) = grant {
            grant.apply(&self.config.cors, response.headers_mut());
        }
        self.config.hooks.response_headers(response.headers_mut(), parts);
        response
    }

    async fn answer<B>(
        self: &Arc<Self>,
        application: &Arc<dyn Application>,
        grant: &Grant,
        parts: &mut Parts,
        body: B,
        client: &Client,
        peer: Option<&Peer>,
    ) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body + Unpin,
        B::Error: Into<BoxError>,
    {
        if let Some(file) = self.client_file(parts) {
            return Ok(file);
        }
        match request::route(parts, &self.config)? {
            Route::Preflight => Ok(grant.preflight(&self.config.cors, parts)),
            Route::Poll { sid } => polling::get(self.session(&sid)?, &parts.headers).await,
            // What waits for long should be small: the rest of a POST is there at once, and a session opens once.
            Route::Post { sid } => Box::pin(polling::post(self.session(&sid)?, &parts.headers, body)).await,
            Route::Upgrade { sid: Some(sid) } => {
                let session = self.session(&sid)?;
                if !self.config.upgrades() {
                    return Err(Refusal::BadRequest("upgrades are switched off"));
                }
                let promise = Promise::take(&mut parts.extensions);
                upgrade::upgrade(session, &parts.headers, promise)
            }
            Route::Handshake => {
                Box::pin(self.open(application, Transport::Polling, parts, client, peer)).await
            }
            Route::Upgrade { sid: None } => {
                Box::pin(self.open(application, Transport::Websocket, parts, client, peer)).await
            }
        }
    }

    /// Opens a session.
    async fn open(
        self: &Arc<Self>,
        application: &Arc<dyn Application>,
        transport: Transport,
        parts: &mut Parts,
        client: &Client,
        peer: Option<&Peer>,
    ) -> Result<Response<Body>, Refusal> {
        let promise = Promise::take(&mut parts.extensions);
        if let Some(peer) = peer {
            parts.extensions.insert(*peer);
        }
        let handshake = Handshake::new(parts, client.address, client.secure);
        let (id, place) = self.let_in(&handshake, client.address).await?;
        let headers = &parts.headers;
        let mut response = match transport {
            Transport::Polling => polling::open(self, &**application, headers, id, handshake, place),
            Transport::Websocket => upgrade::open(self, application, headers, promise, id, handshake, place)?,
        };
        self.config.hooks.initial_headers(response.headers_mut(), parts);
        Ok(response)
    }

    /// Whether a new session may open, under which id, and its place among the connections.
    async fn let_in(
        self: &Arc<Self>,
        handshake: &Handshake,
        address: Option<IpAddr>,
    ) -> Result<(SessionId, Place), Refusal> {
        let hooks = &self.config.hooks;
        self.still_open()?;
        let mut place = self.admission.enter(address, self.now())?;
        hooks.allow(handshake).await?;
        let id = hooks.id(handshake, &self.registry, &mut place).await?;
        // They may have taken their time.
        self.still_open()?;
        Ok((id, place))
    }

    fn still_open(&self) -> Result<(), Refusal> {
        if self.closing.has_begun() { Err(Refusal::ShuttingDown) } else { Ok(()) }
    }

    fn client_file(&self, parts: &Parts) -> Option<Response<Body>> {
        self.config.client_files.as_ref()?.answer(&self.config.path, parts)
    }
}
