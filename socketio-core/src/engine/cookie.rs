//! The cookie that carries the session id, for load balancers that stick to it.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

/// A cookie that names the Engine.IO session; off unless [`ServerBuilder::cookie`](crate::server::ServerBuilder::cookie) sets it.
///
/// Defaults as Node's: `Path=/; HttpOnly; SameSite=Lax`. Its value is the session's secret id, so keep it `HttpOnly`.
#[derive(Clone, Debug)]
pub struct Cookie {
    name: String,
    path: Option<String>,
    http_only: bool,
    same_site: Option<String>,
    secure: bool,
    max_age: Option<Duration>,
    /// In the order in which they were given.
    others: Vec<(String, Attribute)>,
}

/// The value of an attribute that has no setter of its own here.
#[derive(Clone)]
enum Attribute {
    Flag,
    Text(String),
    Made(Arc<dyn Fn() -> String + Send + Sync>),
}

impl Cookie {
    /// A cookie called `name`; Node's and python's servers call it `io`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let same_site = Some("Lax".to_owned());
        Cookie {
            name: name.into(),
            path: Some("/".into()),
            http_only: true,
            same_site,
            secure: false,
            max_age: None,
            others: Vec::new(),
        }
    }

    /// The `Path` attribute. Default: `/`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Whether scripts of the page are kept from reading it. Default: true.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// The `SameSite` attribute. Default: `Lax`.
    #[must_use]
    pub fn same_site(mut self, same_site: impl Into<String>) -> Self {
        self.same_site = Some(same_site.into());
        self
    }

    /// Whether it travels over HTTPS alone. Default: false.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// How long the browser keeps it. Default: until it is closed.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// The `Domain` attribute: other hosts that it is sent to. Default: none but this one.
    #[must_use]
    pub fn domain(self, domain: impl Into<String>) -> Self {
        self.attribute("Domain", domain)
    }

    /// The `Expires` attribute, for browsers that know no `Max-Age`. Default: none.
    ///
    /// HTTP has dates from 1970 to 9999; for a time outside it is the nearest of these.
    #[must_use]
    pub fn expires(self, at: SystemTime) -> Self {
        self.attribute("Expires", httpdate::fmt_http_date(nearest_http_date(at)))
    }

    /// The `Priority` attribute: `Low`, `Medium` or `High`. Default: none.
    #[must_use]
    pub fn priority(self, priority: impl Into<String>) -> Self {
        self.attribute("Priority", priority)
    }

    /// Whether each site that embeds the page has a cookie jar of its own for it; browsers ask for `Secure` beside. Default: false.
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.others.retain(|(name, _)| name != "Partitioned");
        if partitioned {
            self.others.push(("Partitioned".into(), Attribute::Flag));
        }
        self
    }

    /// Any attribute, whether this crate knows it or not.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.others.push((name.into(), Attribute::Text(value.into())));
        self
    }

    /// An attribute whose value is made anew for each session. One that cannot stand in a header leaves the cookie out, with a line in
    /// the log.
    #[must_use]
    pub fn attribute_with(
        mut self,
        name: impl Into<String>,
        value: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        self.others.push((name.into(), Attribute::Made(Arc::new(value))));
        self
    }

    /// The header for a session; `None` when name or attributes cannot stand in one.
    pub(crate) fn header(&self, value: &str) -> Option<HeaderValue> {
        let mut text = format!("{}={value}", self.name);
        if let Some(path) = &self.path {
            let _ = write!(text, "; Path={path}");
        }
        if let Some(max_age) = self.max_age {
            let _ = write!(text, "; Max-Age={}", max_age.as_secs());
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        if let Some(same_site) = &self.same_site {
            let _ = write!(text, "; SameSite={same_site}");
        }
        for (name, value) in &self.others {
            let _ = match value {
                Attribute::Flag => write!(text, "; {name}"),
                Attribute::Text(value) => write!(text, "; {name}={value}"),
                Attribute::Made(make) => {
                    let value = make();
                    if !is_value(&value) {
                        tracing::error!(target: "engineio", attribute = name, "the cookie is left out: this attribute cannot stand in a header");
                        return None;
                    }
                    write!(text, "; {name}={value}")
                }
            };
        }
        HeaderValue::from_str(&text).ok()
    }

    /// Whether the browser would understand it.
    pub(crate) fn is_valid(&self) -> bool {
        is_token(&self.name)
            && self.path.iter().chain(&self.same_site).all(|text| is_value(text))
            && self.others.iter().all(|(name, value)| {
                is_token(name) && if let Attribute::Text(text) = value { is_value(text) } else { true }
            })
    }
}

fn is_token(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b';')
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Flag => f.write_str("Flag"),
            Attribute::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Attribute::Made(_) => f.write_str("Made(..)"),
        }
    }
}

/// The same time, or the nearest that HTTP has a date for: 1970 to 9999.
pub(crate) fn nearest_http_date(time: SystemTime) -> SystemTime {
    time.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST_HTTP_DATE)
}

const LAST_HTTP_DATE: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_has_nodes_attributes_by_default() {
        let header = Cookie::new("io").header("abc").unwrap();
        assert_eq!(header, "io=abc; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn attributes_are_written_as_set() {
        let cookie = Cookie::new("io").path("/x").http_only(false).secure(true).same_site("None");
        let header = cookie.max_age(Duration::from_secs(60)).header("abc").unwrap();
        assert_eq!(header, "io=abc; Path=/x; Max-Age=60; Secure; SameSite=None");
    }

    #[test]
    fn a_time_that_http_has_no_date_for_is_the_nearest() {
        let decade = Duration::from_secs(10 * 365 * 24 * 3600);
        let before = Cookie::new("io").expires(UNIX_EPOCH - decade).header("abc").unwrap();
        assert!(before.to_str().unwrap().ends_with("; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "{before:?}");
        let behind = Cookie::new("io").expires(UNIX_EPOCH + 1_000 * decade).header("abc").unwrap();
        assert!(behind.to_str().unwrap().ends_with("; Expires=Fri, 31 Dec 9999 23:59:59 GMT"), "{behind:?}");
    }

    #[test]
    fn every_other_attribute_follows_in_the_order_given() {
        let counter = std::sync::atomic::AtomicU32::new(0);
        let cookie = Cookie::new("io")
            .domain("example.com")
            .expires(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
            .priority("High")
            .partitioned(true)
            .attribute("X-Zone", "eu")
            .attribute_with("X-Count", move || {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string()
            });
        assert!(cookie.is_valid());
        let others = "Domain=example.com; Expires=Tue, 14 Nov 2023 22:13:20 GMT; Priority=High; Partitioned; X-Zone=eu";
        for count in 0..2 {
            let expected = format!("io=abc; Path=/; HttpOnly; SameSite=Lax; {others}; X-Count={count}");
            assert_eq!(cookie.header("abc").unwrap(), expected);
        }
        assert!(
            !cookie
                .clone()
                .partitioned(false)
                .header("abc")
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Partitioned")
        );
        assert!(cookie.attribute_with("X", || "a; b".into()).header("abc").is_none());
    }

    #[test]
    fn a_name_or_attribute_that_breaks_the_header_is_refused() {
        assert!(Cookie::new("io").is_valid());
        assert!(!Cookie::new("").is_valid());
        assert!(!Cookie::new("a b").is_valid());
        assert!(!Cookie::new("io").path("/; Domain=evil").is_valid());
        assert!(!Cookie::new("io").domain("a\r\nSet-Cookie: b").is_valid());
        assert!(!Cookie::new("io").attribute("a b", "c").is_valid());
    }
}
