//! Ids of nodes and emitters.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The id of one process on the channel, `host_id` in every frame. Cheap to clone.
///
/// Made anew at each start: 32 hexadecimal digits, as python-socketio's `uuid4().hex`. One that comes from outside may be any
/// text of at most [`HostId::MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(Arc<str>);

impl HostId {
    /// The longest one that is read, in bytes.
    pub const MAX: usize = 128;

    /// A new one, random.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give, as [`Sid::generate`](crate::Sid::generate) does.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        HostId(format!("{:032x}", u128::from_be_bytes(bytes)).into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for HostId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for HostId {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl From<&str> for HostId {
    fn from(text: &str) -> Self {
        HostId(text.into())
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_lower_case_hexadecimal_digits_and_new_each_time() {
        let (one, two) = (HostId::generate(), HostId::generate());
        assert_ne!(one, two);
        assert_eq!(one.as_str().len(), 32);
        assert!(one.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    }
}
