//! The namespaces of a server: those that exist, and those that come into being when a client asks for them.
//!
//! A child of a [`Parent`] is made at the CONNECT of its first client. When its last client has left, or was refused, it is forgotten:
//! what it was is in its name. One that the program gave handlers of its own is kept, unless the server cleans those up too.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;

use super::namespace::NamespaceInner;
use super::parent::{Matcher, Parent};

/// Bytes of the name of a child; longer ones are refused like unknown ones.
const CHILD_NAME_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    map: RwLock<Map>,
    /// Asked in this order,
    parents: ArcSwap<Vec<Arc<Parent>>>,
    /// and this one, which takes every name, at last.
    any: Option<Arc<Parent>>,
    /// Whether children with handlers of their own are forgotten too.
    cleanup: bool,
}

type Map = HashMap<Arc<str>, Arc<NamespaceInner>, RandomState>;

/// Where a client is let in, or asked whether it may be.
pub(crate) struct Admitted {
    pub(crate) namespace: Arc<NamespaceInner>,
    /// It has been made for this client.
    pub(crate) is_new: bool,
}

impl Namespaces {
    /// `every`: clients may be anywhere.
    pub(crate) fn new(cleanup: bool, every: bool) -> Self {
        let any = || Arc::new(Parent::new(Matcher::Predicate(Box::new(|_| true))));
        Namespaces { cleanup, any: every.then(any), ..Namespaces::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<NamespaceInner>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The namespace called `name`, made if need be, and closed to clients until it has a handler. `true`: it is new.
    ///
    /// A child that no client is in is not kept for being named: its name may be a client's.
    pub(crate) fn get_or_make(&self, name: &str) -> (Arc<NamespaceInner>, bool) {
        if let Some(namespace) = self.get(name) {
            return (namespace, false);
        }
        let child = self.child(name);
        match child {
            Some(child) => (Arc::new(child), false),
            None => {
                let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
                let before = map.len();
                let name: Arc<str> = name.into();
                let entry = map.entry(name.clone());
                let namespace = entry.or_insert_with(|| Arc::new(NamespaceInner::new(name))).clone();
                (namespace, map.len() > before)
            }
        }
    }

    /// The namespace that has the name of `namespace`, which is put there if there is none. `true`: it was.
    pub(crate) fn get_or_insert(&self, namespace: &Arc<NamespaceInner>) -> (Arc<NamespaceInner>, bool) {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let before = map.len();
        let there = map.entry(namespace.name.clone()).or_insert_with(|| namespace.clone()).clone();
        (there, map.len() > before)
    }

    /// The namespace that a client asks for, which it is a user of until [`left`](Self::left).
    pub(crate) fn admit(&self, name: &str) -> Option<Admitted> {
        let there = {
            let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
            let there = map.get(name).cloned();
            if let Some(namespace) = &there {
                namespace.user_comes();
            }
            there
        };
        if let Some(namespace) = there {
            if namespace.is_open() || self.adopt(&namespace) {
                return Some(Admitted { namespace, is_new: false });
            }
            namespace.user_goes();
            return None;
        }
        let child = Arc::new(self.child(name)?);
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let namespace = map.entry(child.name.clone()).or_insert_with(|| child.clone()).clone();
        namespace.user_comes();
        Some(Admitted { is_new: Arc::ptr_eq(&namespace, &child), namespace })
    }

    /// A client has left, or was refused.
    pub(crate) fn left(&self, namespace: &Arc<NamespaceInner>) {
        if namespace.user_goes() && self.is_passing(namespace) {
            let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
            let same = map.get(&namespace.name).is_some_and(|there| Arc::ptr_eq(there, namespace));
            // Somebody may have come in meanwhile, and come they can only while this lock is free.
            if same && !namespace.has_users() && self.is_passing(namespace) {
                map.remove(&namespace.name);
            }
        }
    }

    fn is_passing(&self, namespace: &NamespaceInner) -> bool {
        namespace.parent().is_some() && (self.cleanup || !namespace.is_kept())
    }

    pub(crate) fn add_parent(&self, parent: &Arc<Parent>) {
        self.parents.rcu(|parents| {
            let mut parents = Vec::clone(parents);
            parents.push(parent.clone());
            parents
        });
    }

    /// A namespace that had no handlers comes under a parent that was made after it.
    fn adopt(&self, namespace: &NamespaceInner) -> bool {
        let parents = self.parents.load();
        let found = parents
            .iter()
            .chain(&self.any)
            .find_map(|parent| Some((parent.clone(), parent.fits(&namespace.name)?)));
        found.is_some_and(|(parent, captures)| {
            namespace.adopt(parent, captures);
            true
        })
    }

    fn child(&self, name: &str) -> Option<NamespaceInner> {
        let none = self.any.is_none() && self.parents.load().is_empty();
        if none || name.len() > CHILD_NAME_MAX || name == "/" {
            return None;
        }
        let child = NamespaceInner::new(name.into());
        self.adopt(&child).then_some(child)
    }

    pub(crate) fn all(&self) -> Vec<Arc<NamespaceInner>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.map.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("namespace", &self.namespace.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::pattern::Pattern;

    fn with_rooms(cleanup: bool) -> Namespaces {
        let namespaces = Namespaces::new(cleanup, false);
        let pattern = Pattern::parse("/room-{id}").unwrap();
        namespaces.add_parent(&Arc::new(Parent::new(Matcher::Pattern(pattern))));
        namespaces
    }

    #[test]
    fn a_child_is_there_from_its_first_client_to_its_last() {
        let namespaces = with_rooms(false);
        let first = namespaces.admit("/room-1").unwrap();
        let second = namespaces.admit("/room-1").unwrap();
        assert_eq!((first.is_new, second.is_new), (true, false));
        assert!(Arc::ptr_eq(&first.namespace, &second.namespace));
        namespaces.left(&first.namespace);
        assert_eq!(namespaces.len(), 1);
        namespaces.left(&second.namespace);
        assert_eq!(namespaces.len(), 0);
    }

    #[test]
    fn ten_thousand_names_of_an_attacker_leave_nothing() {
        let namespaces = with_rooms(false);
        for number in 0..10_000 {
            let admitted = namespaces.admit(&format!("/room-{number}")).unwrap();
            namespaces.left(&admitted.namespace);
            assert!(namespaces.admit(&format!("/other-{number}")).is_none());
            let _ = namespaces.get_or_make(&format!("/room-{number}"));
        }
        assert_eq!(namespaces.len(), 0);
    }

    #[test]
    fn a_child_with_handlers_of_its_own_stays_unless_it_is_to_be_cleaned_up() {
        for (cleanup, left) in [(false, 1), (true, 0)] {
            let namespaces = with_rooms(cleanup);
            let admitted = namespaces.admit("/room-1").unwrap();
            admitted.namespace.keep();
            namespaces.left(&admitted.namespace);
            assert_eq!(namespaces.len(), left);
        }
    }

    #[test]
    fn the_root_and_very_long_names_are_nobodys_children() {
        let namespaces = Namespaces::new(false, true);
        assert!(namespaces.admit("/").is_none());
        assert!(namespaces.admit(&format!("/{}", "a".repeat(CHILD_NAME_MAX))).is_none());
        assert!(namespaces.admit(&format!("/{}", "a".repeat(CHILD_NAME_MAX - 1))).is_some());
    }

    #[test]
    fn clients_that_come_and_go_at_once_are_never_in_a_namespace_that_is_forgotten() {
        let namespaces = with_rooms(true);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let admitted = namespaces.admit("/room-1").unwrap();
                        let there = namespaces.get("/room-1").expect("it has a user");
                        assert!(Arc::ptr_eq(&there, &admitted.namespace));
                        namespaces.left(&admitted.namespace);
                    }
                });
            }
        });
        assert_eq!(namespaces.len(), 0);
    }
}
