//! The cookie that carries the session id, for load balancers that stick to it.

use std::fmt::Write;
use std::time::Duration;

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
        HeaderValue::from_str(&text).ok()
    }

    /// Whether the browser would understand it.
    pub(crate) fn is_valid(&self) -> bool {
        let token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
        let attribute = |text: &String| text.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b';');
        !self.name.is_empty()
            && self.name.bytes().all(token)
            && self.path.iter().chain(&self.same_site).all(attribute)
    }
}

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
    fn a_name_or_attribute_that_breaks_the_header_is_refused() {
        assert!(Cookie::new("io").is_valid());
        assert!(!Cookie::new("").is_valid());
        assert!(!Cookie::new("a b").is_valid());
        assert!(!Cookie::new("io").path("/; Domain=evil").is_valid());
    }
}
