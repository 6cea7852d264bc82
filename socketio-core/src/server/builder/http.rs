//! Options of HTTP: which requests are the server's, from whom, and how they are answered.

use std::path::PathBuf;

use super::{BuildError, Built, ServerBuilder, wrong};
use crate::engine::{Cookie, Cors, TrustedProxies};
use crate::http::{ClientFiles, HealthPath, PathRule};

/// See the setters of [`ServerBuilder`].
#[derive(Debug)]
pub(super) struct HttpOptions {
    path: PathRule,
    add_trailing_slash: bool,
    health_path: Option<String>,
    serve_client: Option<PathBuf>,
    pub(super) cors: Cors,
    trusted_proxies: Vec<String>,
    http_compression: bool,
    compression_threshold: usize,
    pub(super) cookie: Option<Cookie>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            path: PathRule::default(),
            add_trailing_slash: false,
            health_path: None,
            serve_client: None,
            cors: Cors::same_origin(),
            trusted_proxies: Vec::new(),
            http_compression: true,
            compression_threshold: 1024,
            cookie: None,
        }
    }
}

impl<S: Built> ServerBuilder<S> {
    /// The path that clients are told to use. Default: `/socket.io`. A path that only begins like it is not the server's.
    pub fn path(mut self, path: &str) -> Self {
        self.http.path = PathRule::new(path);
        self
    }

    /// Takes requests of every path, for servers that have one to themselves.
    pub fn every_path(mut self) -> Self {
        self.http.path = PathRule::every();
        self
    }

    /// Whether clients have to ask for the path with a slash at its end, as Node's server wants it; without one it is somebody else's.
    /// Default: false, either will do.
    pub fn add_trailing_slash(mut self, required: bool) -> Self {
        self.http.add_trailing_slash = required;
        self
    }

    /// Answers probes below `path`: `GET /health/live` is 200, and `GET /health/ready` is 200 or 503 as
    /// [`Server::readiness`](crate::Server::readiness) says, with its reason as text. They are answered before every other rule, without a
    /// word on origins, and are no secret. Default: none.
    pub fn health_path(mut self, path: &str) -> Self {
        self.http.health_path = Some(path.to_owned());
        self
    }

    /// Serves the official browser client below the path, `/socket.io/socket.io.min.js` and the others, from `folder`: the
    /// `dist` of npm's `socket.io-client`, or what `make client` made of it. Default: no files.
    ///
    /// The folder is read by [`build`](Self::build), and not looked at again.
    pub fn serve_client(mut self, folder: impl Into<PathBuf>) -> Self {
        self.http.serve_client = Some(folder.into());
        self
    }

    /// Which web pages may use the server. Default: those of the same origin, see [`Cors`].
    pub fn cors(mut self, cors: Cors) -> Self {
        self.http.cors = cors;
        self
    }

    /// Proxies whose `X-Forwarded-For`, `-Proto` and `-Host` (or `Forwarded`) count: addresses, networks such as `10.0.0.0/8`, and
    /// `unix` for peers on a Unix socket. Default: none.
    pub fn trusted_proxies<I>(mut self, proxies: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.http.trusted_proxies = proxies.into_iter().map(Into::into).collect();
        self
    }

    /// Whether polling answers are compressed for clients that accept gzip or deflate. Default: true.
    pub fn http_compression(mut self, compress: bool) -> Self {
        self.http.http_compression = compress;
        self
    }

    /// Size in bytes from which polling answers are compressed. Default: 1,024.
    pub fn compression_threshold(mut self, bytes: usize) -> Self {
        self.http.compression_threshold = bytes;
        self
    }

    /// Sets a cookie with the session's id, for load balancers that stick to it. Default: none.
    pub fn cookie(mut self, cookie: Cookie) -> Self {
        self.http.cookie = Some(cookie);
        self
    }
}

impl HttpOptions {
    pub(super) fn check(&self) -> Result<(), BuildError> {
        if let Some(origin) = self.cors.misspelt() {
            return Err(wrong("cors", format!("{origin:?} is not an origin such as https://example.com")));
        }
        if let Some(name) = self.cors.misnamed() {
            return Err(wrong("cors", format!("{name:?} is no name of a method or header")));
        }
        if self.cookie.as_ref().is_some_and(|cookie| !cookie.is_valid()) {
            return Err(wrong("cookie", "its name or an attribute cannot stand in a header"));
        }
        Ok(())
    }

    pub(super) fn path(&self) -> PathRule {
        self.path.clone().with_slash(self.add_trailing_slash)
    }

    pub(super) fn health(&self) -> Option<HealthPath> {
        self.health_path.as_deref().map(HealthPath::new)
    }

    pub(super) fn client_files(&self) -> Result<Option<ClientFiles>, BuildError> {
        let read = |folder: &PathBuf| ClientFiles::read(folder).map_err(|error| wrong("serve_client", error));
        self.serve_client.as_ref().map(read).transpose()
    }

    pub(super) fn trusted_proxies_parsed(&self) -> Result<TrustedProxies, BuildError> {
        TrustedProxies::parse(&self.trusted_proxies)
            .map_err(|error| wrong("trusted_proxies", error.to_string()))
    }

    /// The size from which answers are compressed, if any are.
    pub(super) fn compression(&self) -> Option<usize> {
        self.http_compression.then_some(self.compression_threshold)
    }
}
