//! Ids: the public [`Sid`] of a socket in a namespace, and the secret [`SessionId`] of the connection under it.
//!
//! Both are 120 bits from the operating system's randomness, as 20 characters of base64url. A session's has four more, the tag
//! of the node it lives in, so that another node that is asked for it can say what is wrong:
//!
//! ```text
//! lv_VI97HAXpY6yYWAAAC         a socket
//! 9UBt3iwTq0xSfcE2nV_hq3Zk     a session
//!                     ^^^^     of this node
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
        Self(ascii(&random::<BYTES, CHARACTERS>()).into())
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
    /// A new id of 24 characters, of which nobody can guess the first 20: the last four are `node`.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give: a server that hands out guessable secrets must not run.
    #[must_use]
    pub fn generate(node: NodeTag) -> Self {
        let mut text = [0; SESSION_CHARACTERS];
        text[..CHARACTERS].copy_from_slice(&random::<BYTES, CHARACTERS>());
        text[CHARACTERS..].copy_from_slice(&node.0);
        Self(ascii(&text).into())
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

/// What the session ids of one node end with: four characters, drawn when the node starts, and no secret.
///
/// Of a thousand nodes, two have the same one with a probability of 3 %: what comes of it is a less helpful line in the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NodeTag([u8; TAG_CHARACTERS]);

impl NodeTag {
    /// A new tag.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give, as [`SessionId::generate`] does.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::<TAG_BYTES, TAG_CHARACTERS>())
    }

    /// The tag of whatever node has made this session id; `None` when it is none of ours.
    #[must_use]
    pub fn of(session: &str) -> Option<Self> {
        let bytes: &[u8; SESSION_CHARACTERS] = session.as_bytes().try_into().ok()?;
        let is_base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        bytes.iter().all(is_base64url).then(|| Self(std::array::from_fn(|index| bytes[CHARACTERS + index])))
    }
}

impl fmt::Debug for NodeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeTag({})", ascii(&self.0))
    }
}

/// Random bytes as base64url: four characters for three bytes.
fn random<const B: usize, const C: usize>() -> [u8; C] {
    const { assert!(C * 3 == B * 4) };
    let mut bytes = [0; B];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    let mut text = [0; C];
    URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).expect("the lengths match");
    text
}

fn ascii(base64: &[u8]) -> &str {
    std::str::from_utf8(base64).expect("base64 is ASCII")
}

/// How much of a secret a log may show.
const SHOWN: usize = 4;
const BYTES: usize = 15;
const CHARACTERS: usize = 20;
const TAG_BYTES: usize = 3;
const TAG_CHARACTERS: usize = 4;
const SESSION_CHARACTERS: usize = CHARACTERS + TAG_CHARACTERS;

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
        let id = SessionId::generate(NodeTag::generate());
        let shown = format!("{}…", &id.reveal()[..4]);
        assert_eq!(id.to_string(), shown);
        assert_eq!(format!("{id:?}"), format!("SessionId({shown})"));
        assert_eq!(format!("{:#?}", Some(&id)), format!("Some(\n    SessionId({shown}),\n)"));
        assert_eq!(SessionId::from("äöüßé".to_owned()).to_string(), "äöüß…");
        assert_eq!(SessionId::from("ab".to_owned()).to_string(), "ab…");
    }

    #[test]
    fn a_session_id_is_20_random_characters_and_the_tag_of_its_node() {
        let node = NodeTag::generate();
        let ids: HashSet<String> = (0..1000).map(|_| SessionId::generate(node).reveal().to_owned()).collect();
        let tag = ascii(&node.0);
        assert!(ids.iter().all(|id| id.len() == 24 && id.ends_with(tag) && NodeTag::of(id) == Some(node)));
        let random: HashSet<&str> = ids.iter().map(|id| &id[..20]).collect();
        assert_eq!(random.len(), 1000, "the tag takes nothing from what is random");
        let used: HashSet<u8> = random.iter().flat_map(|id| id.bytes()).collect();
        assert_eq!(used.len(), 64, "every digit occurs in 20,000 random ones");
    }

    #[test]
    fn nodes_are_told_apart_and_what_is_no_session_id_is_of_none() {
        let of = SessionId::generate(NodeTag::generate());
        assert_ne!(NodeTag::of(of.reveal()), Some(NodeTag::generate()));
        for text in ["", "q3Zk", "lv_VI97HAXpY6yYWAAAC", "9UBt3iwTq0xSfcE2nV_hq3Z=", "9UBt3iwTq0xSfcE2nV_hqä"]
        {
            assert_eq!(NodeTag::of(text), None, "{text}");
        }
    }

    #[test]
    fn ids_are_found_by_their_text() {
        let (sid, session) = (Sid::generate(), SessionId::generate(NodeTag::generate()));
        assert!(HashSet::from([sid.clone()]).contains(sid.as_str()));
        assert!(HashSet::from([session.clone()]).contains(session.reveal()));
    }
}
