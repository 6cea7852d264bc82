//! Nodes of a Cluster beyond those that the URL names.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::Address;

/// Where the nodes of a Cluster were when one of them was last asked; the same for all clones.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Address>>>);

impl Seen {
    /// In the place of what was remembered before.
    pub(crate) fn remember(&self, nodes: impl Iterator<Item = Address>) {
        let nodes = nodes.take(MOST).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = nodes;
    }

    /// Those that are not among `seeds`.
    pub(crate) fn beyond(&self, seeds: &[Address]) -> Vec<Address> {
        let mut nodes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        nodes.retain(|node| !seeds.contains(node));
        nodes
    }
}

/// What was seen is no setting.
impl PartialEq for Seen {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// As many as can be tried in the time that the core has for connecting, a head start each.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use super::{Address, MOST, Seen};

    fn nodes(ports: std::ops::Range<u16>) -> Vec<Address> {
        ports.map(|port| Address::Tcp("node".into(), port)).collect()
    }

    #[test]
    fn clones_know_the_nodes_that_were_seen_last_and_only_so_many() {
        let (seen, seeds) = (Seen::default(), nodes(0..2));
        let clone = seen.clone();
        seen.remember(nodes(7..9).into_iter());
        seen.remember(nodes(1..4).into_iter());
        assert_eq!(clone.beyond(&seeds), nodes(2..4));
        seen.remember(nodes(2..1_000).into_iter());
        assert_eq!(clone.beyond(&seeds).len(), MOST);
    }

    #[test]
    fn options_are_the_same_and_look_the_same_whatever_was_seen() {
        let (seen, nothing) = (Seen::default(), Seen::default());
        seen.remember(nodes(0..3).into_iter());
        assert_eq!(seen, nothing);
        assert_eq!(format!("{seen:?}"), format!("{nothing:?}"));
    }
}
