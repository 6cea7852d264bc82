//! Answers to those who ask how the server is: an orchestrator, a load balancer.
//!
//! ```text
//! GET /health/live     200 live      the process answers, and that is all it says
//! GET /health/ready    200 ready     clients are welcome
//!                      503 closing   or another reason why they are not
//! ```

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};

use super::body::Body;
use crate::engine::Readiness;

/// What is asked below it is answered here.
#[derive(Clone, Debug)]
pub(crate) struct HealthPath {
    live: Box<str>,
    ready: Box<str>,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    Live,
    Ready,
}

impl HealthPath {
    /// Slashes around it do not matter.
    pub(crate) fn new(path: &str) -> Self {
        let path = path.trim().trim_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        HealthPath { live: format!("{path}/live").into(), ready: format!("{path}/ready").into() }
    }

    /// What a request with this path asks for, if it is for us.
    pub(super) fn probe(&self, path: &str) -> Option<Probe> {
        if path == &*self.ready {
            Some(Probe::Ready)
        } else if path == &*self.live {
            Some(Probe::Live)
        } else {
            None
        }
    }

    #[cfg(feature = "actix")]
    pub(super) fn paths(&self) -> [&str; 2] {
        [&self.live, &self.ready]
    }
}

impl Probe {
    pub(super) fn answer(self, method: &Method, readiness: impl FnOnce() -> Readiness) -> Response<Body> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut refusal = said(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n".to_owned());
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        match self {
            Probe::Live => said(StatusCode::OK, "live\n".to_owned()),
            Probe::Ready => {
                let readiness = readiness();
                let status =
                    if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                said(status, format!("{readiness}\n"))
            }
        }
    }
}

fn said(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn slashes_around_the_path_do_not_matter_and_nothing_else_is_answered() {
        for path in ["/health", "health/", " /health/ "] {
            let health = HealthPath::new(path);
            assert_eq!(health.probe("/health/live"), Some(Probe::Live), "{path}");
            assert_eq!(health.probe("/health/ready"), Some(Probe::Ready), "{path}");
            for other in ["/health", "/health/", "/health/live/", "/health/readiness", "/x/health/live", ""] {
                assert_eq!(health.probe(other), None, "{other}");
            }
        }
        assert_eq!(HealthPath::new("/").probe("/ready"), Some(Probe::Ready));
    }

    #[test]
    fn whoever_is_not_ready_is_alive_all_the_same() {
        let heard = Duration::from_secs(12);
        for (readiness, status) in [
            (Readiness::Ready, 200),
            (Readiness::Joining, 503),
            (Readiness::CutOff { heard }, 503),
            (Readiness::Closing, 503),
        ] {
            assert_eq!(Probe::Ready.answer(&Method::GET, || readiness).status(), status, "{readiness}");
            assert_eq!(Probe::Live.answer(&Method::HEAD, || readiness).status(), 200, "{readiness}");
        }
        assert_eq!(Probe::Ready.answer(&Method::POST, || Readiness::Ready).status(), 405);
        assert_eq!(Readiness::CutOff { heard }.to_string(), "the node has not heard its cluster for 12 s");
    }
}
