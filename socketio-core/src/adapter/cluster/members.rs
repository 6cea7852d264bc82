//! The other nodes that speak our extension: who they are, and until when they are believed to live.
//!
//! Every heartbeat of a member renews its lease; without one for a lease it is gone. While this node hears nobody, not even itself,
//! leases stand still: its link is down, whether that has been noticed or not.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::adapter::wire::HostId;

/// How long this node asks to be believed without being heard.
pub(crate) const LEASE: Duration = Duration::from_secs(6);
/// More than any cluster has; frames of further ones are delivered, but their senders are no members.
const MAX_MEMBERS: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Members {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    until: HashMap<HostId, Instant>,
    /// Since when the link has been down.
    down: Option<Instant>,
}

impl Members {
    /// `node` has been heard; `true` when it is new.
    pub(crate) fn heard(&self, node: &str, lease: Duration, now: Instant) -> bool {
        let mut state = self.lock();
        if let Some(until) = state.until.get_mut(node) {
            *until = now + lease;
            return false;
        }
        if state.until.len() >= MAX_MEMBERS {
            return false;
        }
        state.until.insert(node.into(), now + lease);
        true
    }

    /// `node` has said goodbye; `false` when it was no member.
    pub(crate) fn left(&self, node: &str) -> bool {
        self.lock().until.remove(node).is_some()
    }

    /// Those whose lease had ended when this node heard itself for the last time, and who are members no more.
    pub(crate) fn expire(&self, heard_itself: Instant) -> Vec<HostId> {
        let mut state = self.lock();
        if state.down.is_some() {
            return Vec::new();
        }
        let ended = state.until.iter().filter(|(_, until)| heard_itself > **until);
        let gone: Vec<HostId> = ended.map(|(node, _)| node.clone()).collect();
        for node in &gone {
            state.until.remove(node);
        }
        gone
    }

    /// Whether `node` is a member.
    pub(crate) fn has(&self, node: &HostId) -> bool {
        self.lock().until.contains_key(node)
    }

    /// The members, in no order.
    pub(crate) fn all(&self) -> Vec<HostId> {
        self.lock().until.keys().cloned().collect()
    }

    /// The link is down, and this node has not heard itself since.
    pub(crate) fn link_lost(&self, heard_itself: Instant) {
        self.lock().down.get_or_insert(heard_itself);
    }

    /// They can be heard again: what their leases had left, they have again.
    pub(crate) fn link_back(&self, now: Instant) {
        let mut state = self.lock();
        if let Some(down) = state.down.take() {
            let away = now.saturating_duration_since(down);
            for until in state.until.values_mut() {
                *until += away;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_node_that_is_not_heard_for_a_lease_is_a_member_no_more() {
        let (members, start) = (Members::default(), Instant::now());
        assert!(members.heard("a", LEASE, start));
        assert!(!members.heard("a", LEASE, start + secs(5)));
        assert!(members.expire(start + secs(11)).is_empty());
        assert_eq!(members.expire(start + secs(12)), [HostId::from("a")]);
        assert!(members.all().is_empty());
    }

    #[test]
    fn leases_stand_still_while_the_link_is_down() {
        let (members, start) = (Members::default(), Instant::now());
        members.heard("a", LEASE, start);
        members.link_lost(start + secs(2));
        assert!(members.expire(start + secs(60)).is_empty());
        members.link_back(start + secs(60));
        assert!(members.expire(start + secs(63)).is_empty());
        assert_eq!(members.expire(start + secs(65)).len(), 1);
    }

    #[test]
    fn who_does_not_hear_itself_misses_nobody() {
        let (members, start) = (Members::default(), Instant::now());
        members.heard("a", LEASE, start);
        // The link is half open from now on, which is noticed after 10 s.
        assert!(members.expire(start).is_empty());
        members.link_lost(start);
        members.link_back(start + secs(30));
        assert!(members.expire(start + secs(35)).is_empty());
        assert_eq!(members.expire(start + secs(37)).len(), 1);
    }

    #[test]
    fn who_says_goodbye_is_gone_at_once() {
        let (members, start) = (Members::default(), Instant::now());
        members.heard("a", LEASE, start);
        assert!(members.left("a"));
        assert!(!members.left("a"));
        assert!(members.all().is_empty());
    }
}
