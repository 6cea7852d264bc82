//! Ids: the public [`Sid`] of a socket in a namespace, and the secret [`SessionId`] of the connection under it.
//!
//! Both are 120 bits from the operating system's randomness, as 20 characters of base64url:
//!
//! ```text
//! lv_VI97HAXpY6yYWAAAC
//! ```
//!
//! Who knows a session id can read and write that session, so its `Debug` and `Display` show four characters:
//! it may be logged like any other value. A socket's id is meant to be told to others, and never derived from the
//! session's. Nothing here checks the form of an id that comes from outside.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The public id of a socket: one client in one namespace. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Arc<str>);

impl Sid {
    /// A new id of 20 characters that nobody can guess.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give, as [`SessionId::generate`] does.
    #[must_use]
    pub fn generate() -> Self {
        Self(random())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Sid {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Sid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Sid {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Sid {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({})", &self.0)
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// The id of an Engine.IO session: a bearer secret between one client and this server. Cheap to clone.
///
/// `Debug` and `Display` show its first four characters and `…`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// A new id of 20 characters that nobody can guess.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give: a server that hands out guessable secrets must not run.
    #[must_use]
    pub fn generate() -> Self {
        Self(random())
    }

    /// The whole secret, for the client it belongs to and for nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<String> for SessionId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.char_indices().nth(SHOWN).map_or(&*self.0, |(end, _)| &self.0[..end]);
        write!(f, "{shown}…")
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

fn random() -> Arc<str> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    let mut text = [0; CHARACTERS];
    let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).expect("20 characters hold 15 bytes");
    std::str::from_utf8(&text[..length]).expect("base64 is ASCII").into()
}

/// How much of a secret a log may show.
const SHOWN: usize = 4;
const BYTES: usize = 15;
const CHARACTERS: usize = 20;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_new_id_is_20_characters_of_base64url_and_differs_from_all_others() {
        let ids: HashSet<Sid> = (0..1000).map(|_| Sid::generate()).collect();
        assert_eq!(ids.len(), 1000);
        for id in &ids {
            assert_eq!(id.len(), 20);
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{id}");
        }
        let used: HashSet<u8> = ids.iter().flat_map(|id| id.bytes()).collect();
        assert_eq!(used.len(), 64, "every digit occurs in 20,000 random ones");
    }

    #[test]
    fn a_sid_is_shown_whole() {
        let sid = Sid::from("lv_VI97HAXpY6yYWAAAC");
        assert_eq!(sid.to_string(), "lv_VI97HAXpY6yYWAAAC");
        assert_eq!(format!("{sid:?}"), "Sid(lv_VI97HAXpY6yYWAAAC)");
    }

    #[test]
    fn a_sid_is_a_string_in_json() {
        let sid = Sid::from("abc".to_owned());
        assert_eq!(serde_json::to_string(&sid).unwrap(), r#""abc""#);
        assert_eq!(serde_json::from_str::<Sid>(r#""a\u0062c""#).unwrap(), sid);
        assert!(serde_json::from_str::<Sid>("1").is_err());
    }

    #[test]
    fn a_session_id_shows_four_characters_however_it_is_printed() {
        let id = SessionId::generate();
        let shown = format!("{}…", &id.reveal()[..4]);
        assert_eq!(id.to_string(), shown);
        assert_eq!(format!("{id:?}"), format!("SessionId({shown})"));
        assert_eq!(format!("{:#?}", Some(&id)), format!("Some(\n    SessionId({shown}),\n)"));
        assert_eq!(SessionId::from("äöüßé".to_owned()).to_string(), "äöüß…");
        assert_eq!(SessionId::from("ab".to_owned()).to_string(), "ab…");
    }

    #[test]
    fn ids_are_found_by_their_text() {
        let (sid, session) = (Sid::generate(), SessionId::generate());
        assert!(HashSet::from([sid.clone()]).contains(sid.as_str()));
        assert!(HashSet::from([session.clone()]).contains(session.reveal()));
    }
}
