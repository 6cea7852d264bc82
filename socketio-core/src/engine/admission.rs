//! Who may open a session, under which id, and how many connections there are: in all, from one address, and in a second.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;

use super::heartbeat::Millis;
use super::request::Refusal;
use super::throttle::{Bucket, Rate};
use crate::protocol::sid::SessionId;

/// The bounds, and how much of them is taken.
#[derive(Debug)]
pub(crate) struct Admission {
    max_connections: usize,
    max_per_address: Option<usize>,
    rate: Option<Mutex<Bucket>>,
    /// Sessions, and WebSockets that are about to become one.
    sessions: AtomicUsize,
    /// TCP connections that have left the HTTP server.
    sockets: AtomicUsize,
    /// Sessions by the address of their client; empty unless that is limited.
    addresses: Mutex<HashMap<IpAddr, usize, RandomState>>,
    /// The ids of sessions, and of those that are about to open; empty unless the application makes them.
    ids: Mutex<HashSet<SessionId, RandomState>>,
}

impl Admission {
    pub(crate) fn new(
        max_connections: usize,
        max_per_address: Option<usize>,
        rate: Option<Rate>,
    ) -> Arc<Self> {
        Arc::new(Admission {
            max_connections,
            max_per_address,
            rate: rate.map(|rate| Mutex::new(Bucket::new(rate, 0))),
            sessions: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            addresses: Mutex::default(),
            ids: Mutex::default(),
        })
    }

    /// A place for one more session, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, address: Option<IpAddr>, now: Millis) -> Result<Place, Refusal> {
        // Before the others: who is refused for them has knocked all the same.
        if let Some(rate) = &self.rate
            && !rate.lock().unwrap_or_else(PoisonError::into_inner).take_one(now)
        {
            return Err(Refusal::TooManyHandshakes);
        }
        let before = self.sessions.fetch_add(1, Ordering::AcqRel);
        let mut place =
            Place { admission: self.clone(), address: None, id: None, left: AtomicBool::new(false) };
        if before >= self.max_connections {
            return Err(Refusal::TooManyConnections { limit: self.max_connections });
        }
        if let (Some(limit), Some(address)) = (self.max_per_address, address) {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let count = addresses.entry(address).or_default();
            if *count >= limit {
                return Err(Refusal::TooManyOfAddress { limit });
            }
            *count += 1;
            drop(addresses);
            place.address = Some(address);
        }
        Ok(place)
    }

    /// A TCP connection leaves the HTTP server.
    pub(crate) fn enter_socket(self: &Arc<Self>) -> OpenSocket {
        self.sockets.fetch_add(1, Ordering::AcqRel);
        OpenSocket(self.clone())
    }

    /// TCP connections that are WebSockets.
    pub(crate) fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Acquire)
    }

    /// Whether, beside `others`, there is no place for another connection.
    pub(crate) fn is_full(&self, others: usize) -> bool {
        self.sockets() + others >= self.max_connections
    }
}

/// A session's place; given back when it ends.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
    id: Option<SessionId>,
    left: AtomicBool,
}

impl Place {
    /// Nobody else has this id as long as the place is taken; `false` when somebody has.
    pub(super) fn take_id(&mut self, id: &SessionId) -> bool {
        let free = self.admission.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        if free {
            self.id = Some(id.clone());
        }
        free
    }

    /// Gives it back, once.
    pub(crate) fn leave(&self) {
        if self.left.swap(true, Ordering::AcqRel) {
            return;
        }
        self.admission.sessions.fetch_sub(1, Ordering::AcqRel);
        if let Some(id) = &self.id {
            self.admission.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        if let Some(address) = self.address {
            let mut addresses = self.admission.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = addresses.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    addresses.remove(&address);
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A TCP connection that has left the HTTP server.
#[derive(Debug)]
pub(crate) struct OpenSocket(Arc<Admission>);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.sockets.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Connections that a server takes by default: as many as the process may have descriptors, less a hundred for everything else.
pub(crate) fn default_max_connections() -> usize {
    descriptors().map_or(usize::MAX, |limit| limit.saturating_sub(SPARE).max(limit / 2).max(1))
}

const SPARE: usize = 100;

#[cfg(unix)]
fn descriptors() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    usize::try_from(limit).ok()
}

#[cfg(not(unix))]
fn descriptors() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn a_place_is_for_one_and_comes_free_once() {
        let admission = Admission::new(2, None, None);
        let first = admission.enter(HOME, 0).unwrap();
        let _second = admission.enter(None, 0).unwrap();
        assert_eq!(admission.enter(HOME, 0).unwrap_err(), Refusal::TooManyConnections { limit: 2 });
        first.leave();
        drop(first);
        let _third = admission.enter(HOME, 0).unwrap();
        assert_eq!(admission.enter(HOME, 0).unwrap_err(), Refusal::TooManyConnections { limit: 2 });
    }

    #[test]
    fn each_address_has_its_own_places_and_nothing_is_kept_of_who_is_gone() {
        let admission = Admission::new(usize::MAX, Some(1), None);
        let other = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
        let first = admission.enter(HOME, 0).unwrap();
        let second = admission.enter(other, 0).unwrap();
        assert_eq!(admission.enter(HOME, 0).unwrap_err(), Refusal::TooManyOfAddress { limit: 1 });
        drop((first, second));
        assert!(admission.addresses.lock().unwrap().is_empty());
        assert_eq!(admission.sessions.load(Ordering::Relaxed), 0, "who was refused has no place");
    }

    #[test]
    fn handshakes_faster_than_the_rate_are_refused_until_time_has_passed() {
        let admission = Admission::new(usize::MAX, None, Some(Rate::per_second(1).burst(2)));
        let _places = [admission.enter(None, 0).unwrap(), admission.enter(None, 0).unwrap()];
        assert_eq!(admission.enter(None, 0).unwrap_err(), Refusal::TooManyHandshakes);
        assert!(admission.enter(None, 1000).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn the_default_leaves_descriptors_for_others() {
        let limit = descriptors().unwrap();
        assert!(default_max_connections() < limit);
    }
}
