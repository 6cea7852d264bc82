//! A URL with a login in it, from the lines of an input: scheme, user, password, and all that follows the `@`.
//!
//! The password ends with a word that nothing else contains, so that it can be looked for wherever it must not be.

use std::fmt::{Debug, Display};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) user: &'a str,
    password: &'a str,
    pub(crate) rest: &'a str,
}

impl<'a> Parts<'a> {
    /// `None`: some line is missing, or the scheme is none and hides where the login begins, or the word of the password is in it.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        // Some readers skip tabs and the like.
        let letters: String = decoded.chars().filter(|c| c.is_alphanumeric()).collect();
        if letters.to_lowercase().contains(SECRET) {
            return None;
        }
        let mut lines = text.splitn(4, '\n');
        let mut line = || lines.next();
        let parts = Parts { scheme: line()?, user: line()?, password: line()?, rest: line()? };
        let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+';
        parts.scheme.bytes().all(name).then_some(parts)
    }

    pub(crate) fn password(&self) -> String {
        format!("{}{SECRET}", self.password)
    }

    /// As the documentation asks for it: reserved characters are percent-encoded.
    pub(crate) fn url(&self) -> String {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!("{}://{}:{}@{}", self.scheme, encoded(self.user), encoded(&self.password()), self.rest)
    }

    /// As somebody writes it who does not know that.
    pub(crate) fn careless_url(&self) -> String {
        format!("{}://{}:{}@{}", self.scheme, self.user, self.password(), self.rest)
    }

    pub(crate) fn url_without_login(&self) -> String {
        format!("{}://{}", self.scheme, self.rest)
    }

    /// Whether everything in front of the `@` is the login, and so all that differs between the two URLs.
    pub(crate) fn has_one_login(&self) -> bool {
        !self.rest.contains('@')
    }
}

/// The password is in neither, however it was escaped.
pub(crate) fn shows_no_password<O: Debug, E: Debug + Display>(parsed: &Result<O, E>) {
    let shown = match parsed {
        Ok(options) => format!("{options:?} {options:#?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.to_lowercase().contains(SECRET), "the password is in {shown}");
}

pub(crate) const SECRET: &str = "hush7hush";
