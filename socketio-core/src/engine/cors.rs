//! Which web pages may use the server, by polling and by WebSocket alike.
//!
//! A browser names a page's origin in `Origin`. Other programs send none and are not restricted.
//!
//! ```text
//! rule            GET with Origin: https://page.example        Access-Control-Allow-Origin
//! same origin     400 unless the request's scheme, host and    https://page.example
//!                 port are the page's (default)
//! listed          400 unless listed                            https://page.example
//! predicate       400 unless it says yes                       https://page.example
//! any             let through                                  *      never with credentials
//! off             let through                                  none
//! ```
//!
//! "The request's scheme, host and port" are those that the client used: see [`Client`].
//! Specification: the Fetch standard, "HTTP-CORS protocol".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{Response, StatusCode};

use super::proxies::Client;
use super::request::Refusal;
use crate::http::Body;

/// Which web pages may use the server. Default: those of its own origin.
///
/// ```
/// # use socketio_core::{Cors, Server};
/// let builder = Server::builder().cors(Cors::origins(["https://app.example", "http://localhost:5173"]));
/// ```
#[derive(Clone, Debug)]
pub struct Cors {
    rule: Rule,
    credentials: bool,
    methods: Vec<String>,
    /// `None`: whatever the page asks for.
    allowed_headers: Option<Vec<String>>,
    exposed_headers: Vec<String>,
    max_age: Option<Duration>,
}

#[derive(Clone)]
enum Rule {
    SameOrigin,
    /// In canonical form, or as written where there is none.
    Listed(Vec<String>),
    Predicate(Arc<Predicate>),
    Any,
    Off,
}

type Predicate = dyn Fn(&str, &Parts) -> bool + Send + Sync;

impl Cors {
    /// Pages of the scheme, host and port that the request itself was sent to.
    #[must_use]
    pub fn same_origin() -> Self {
        Cors::from(Rule::SameOrigin)
    }

    /// Pages of this origin and no other, written as browsers do: `https://app.example`. `*` is [`Cors::any`].
    #[must_use]
    pub fn origin(origin: impl AsRef<str>) -> Self {
        Cors::origins([origin])
    }

    /// Pages of these origins and no other; the server's own is not among them by itself. An empty list is [`Cors::off`].
    #[must_use]
    pub fn origins<I>(origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let canonical_or_as_written = |origin: I::Item| {
            let origin = origin.as_ref().trim();
            canonical(origin.strip_suffix('/').unwrap_or(origin)).unwrap_or_else(|| origin.to_owned())
        };
        let origins: Vec<String> = origins.into_iter().map(canonical_or_as_written).collect();
        if origins.is_empty() {
            Cors::off()
        } else if origins.iter().any(|origin| origin == "*") {
            Cors::any()
        } else {
            Cors::from(Rule::Listed(origins))
        }
    }

    /// Every page, but without the user's cookies.
    #[must_use]
    pub fn any() -> Self {
        Cors::from(Rule::Any)
    }

    /// Pages of those origins for which `allow` answers `true`. It runs for every request and must not block.
    #[must_use]
    pub fn predicate(allow: impl Fn(&str, &Parts) -> bool + Send + Sync + 'static) -> Self {
        Cors::from(Rule::Predicate(Arc::new(allow)))
    }

    /// Neither check nor headers: for a server whose proxy or framework does both. Every page gets through.
    #[must_use]
    pub fn off() -> Self {
        Cors::from(Rule::Off)
    }

    /// Whether browsers may send cookies from other origins' pages. Default: `true`. Never with [`Cors::any`].
    #[must_use]
    pub fn credentials(mut self, allow: bool) -> Self {
        self.credentials = allow;
        self
    }

    /// The methods that a preflight allows. Default: `GET`, `POST` and `OPTIONS`, which are all that a client uses.
    #[must_use]
    pub fn methods<I>(mut self, methods: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// The request headers that a preflight allows. Default: those that the page asks for.
    #[must_use]
    pub fn allowed_headers<I>(mut self, headers: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.allowed_headers = Some(headers.into_iter().map(Into::into).collect());
        self
    }

    /// The response headers that pages may read beside the usual ones. Default: none.
    #[must_use]
    pub fn exposed_headers<I>(mut self, headers: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.exposed_headers = headers.into_iter().map(Into::into).collect();
        self
    }

    /// How long, in whole seconds, a browser may keep the answer to a preflight. Default: its own choice, of a few seconds.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// The first method or header that cannot be one.
    pub(crate) fn misnamed(&self) -> Option<&str> {
        let headers = self.allowed_headers.iter().flatten().chain(&self.exposed_headers);
        let method = self.methods.iter().find(|method| method.parse::<http::Method>().is_err());
        method
            .or_else(|| headers.into_iter().find(|name| name.parse::<HeaderName>().is_err()))
            .map(String::as_str)
    }

    /// The first listed origin that no browser would ever send: `app.example`, `https://app.example/chat`.
    pub(crate) fn misspelt(&self) -> Option<&str> {
        let Rule::Listed(origins) = &self.rule else {
            return None;
        };
        origins.iter().map(String::as_str).find(|origin| *origin != "null" && canonical(origin).is_none())
    }

    /// Whether the application is asked.
    pub(crate) fn has_predicate(&self) -> bool {
        matches!(self.rule, Rule::Predicate(_))
    }

    /// Whether the request's page may send it: before anything else is looked at, or answered.
    pub(crate) fn check(&self, parts: &Parts, client: &Client) -> Result<Grant, Refusal> {
        let origin = parts.headers.get(ORIGIN);
        let grant = match self.rule {
            Rule::Off => return Ok(Grant::Silent),
            Rule::Any => Grant::Any,
            _ => Grant::To { origin: origin.cloned(), credentials: self.credentials },
        };
        let Some(origin) = origin else { return Ok(grant) };
        let Ok(written) = origin.to_str() else {
            return Err(self.refuse("(no text)", parts, client));
        };
        let origin = canonical(written);
        let allowed = match &self.rule {
            Rule::SameOrigin => {
                origin.is_some() && origin == client.own_origin(parts).as_deref().and_then(canonical)
            }
            Rule::Listed(origins) => {
                origins.iter().any(|listed| listed == origin.as_deref().unwrap_or(written))
            }
            Rule::Predicate(allow) => allow(written, parts),
            Rule::Any | Rule::Off => true,
        };
        if allowed { Ok(grant) } else { Err(self.refuse(written, parts, client)) }
    }

    fn refuse(&self, origin: &str, parts: &Parts, client: &Client) -> Refusal {
        let expected = match &self.rule {
            Rule::SameOrigin => {
                client.own_origin(parts).unwrap_or_else(|| "the request's host, but it names none".to_owned())
            }
            Rule::Listed(origins) => origins.join(" or "),
            Rule::Predicate(_) => "one that the predicate accepts".to_owned(),
            Rule::Any | Rule::Off => "any".to_owned(),
        };
        Refusal::Origin { origin: origin.to_owned(), expected }
    }
}

/// The check's yes, as the browser has to hear it with every answer, refusals for other reasons included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// The check is off.
    Silent,
    /// Every page may read the answer.
    Any,
    /// The page of this request may, if it is one.
    To { origin: Option<HeaderValue>, credentials: bool },
}

impl Grant {
    /// Adds the headers with which a browser hands the response to the page.
    pub(crate) fn apply(self, cors: &Cors, response: &mut HeaderMap) {
        let (origin, credentials) = match self {
            Grant::Silent => return,
            Grant::Any => (Some(HeaderValue::from_static("*")), false),
            Grant::To { origin, credentials } => {
                response.append(VARY, HeaderValue::from_static("Origin"));
                (origin, credentials)
            }
        };
        let Some(origin) = origin else { return };
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if let Some(exposed) = list(&cors.exposed_headers) {
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        if credentials {
            response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// Answers a preflight: methods, headers, and for how long. [`Grant::apply`] adds the rest.
    pub(crate) fn preflight(&self, cors: &Cors, parts: &Parts) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if *self == Grant::Silent {
            return response;
        }
        let headers = response.headers_mut();
        if let Some(methods) = list(&cors.methods) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if let Some(max_age) = cors.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(max_age.as_secs()));
        }
        if let Some(allowed) = &cors.allowed_headers {
            list(allowed).map(|allowed| headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed));
        } else if let Some(wanted) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
            headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        }
        response
    }
}

impl Default for Cors {
    fn default() -> Self {
        Cors::same_origin()
    }
}

impl From<Rule> for Cors {
    fn from(rule: Rule) -> Self {
        Cors {
            rule,
            credentials: true,
            methods: ["GET", "POST", "OPTIONS"].map(String::from).to_vec(),
            allowed_headers: None,
            exposed_headers: Vec::new(),
            max_age: None,
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::SameOrigin => f.write_str("SameOrigin"),
            Rule::Listed(origins) => f.debug_tuple("Listed").field(origins).finish(),
            Rule::Predicate(_) => f.write_str("Predicate(..)"),
            Rule::Any => f.write_str("Any"),
            Rule::Off => f.write_str("Off"),
        }
    }
}

/// Names as one header; `None` where there are none.
fn list(names: &[String]) -> Option<HeaderValue> {
    if names.is_empty() { None } else { HeaderValue::from_str(&names.join(", ")).ok() }
}

/// `scheme://host` in lower case, with the port where it is not the scheme's own. `null` and anything with a path has no such form.
fn canonical(origin: &str) -> Option<String> {
    let (scheme, authority) = origin.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = authority.to_ascii_lowercase();
    if scheme.is_empty() || authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ', ',', '*']) {
        return None;
    }
    let own_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    // An empty port means the scheme's own, too.
    let authority = authority.strip_suffix(own_port).unwrap_or(&authority);
    Some(format!("{scheme}://{}", authority.strip_suffix(':').unwrap_or(authority)))
}

#[cfg(test)]
mod tests;
