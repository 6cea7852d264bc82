//! Namespaces by the dozen.

use std::ops::Deref;

use super::Namespace;
use super::words::{connect_words, event_words};
use crate::server;

/// All namespaces whose name fits: [`Server::of_pattern`](super::Server::of_pattern) and [`Server::of_where`](super::Server::of_where)
/// give it. A cheap handle; see [`server::ParentNamespace`].
#[derive(Clone, Debug)]
pub struct ParentNamespace(server::ParentNamespace);

event_words!(ParentNamespace);
connect_words!(ParentNamespace);

impl ParentNamespace {
    pub(super) fn new(parent: server::ParentNamespace) -> Self {
        ParentNamespace(parent)
    }

    /// Those of its namespaces that there are just now on this node.
    #[must_use]
    pub fn children(&self) -> Vec<Namespace> {
        self.0.children().into_iter().map(Namespace::new).collect()
    }
}

impl Deref for ParentNamespace {
    type Target = server::ParentNamespace;

    fn deref(&self) -> &server::ParentNamespace {
        &self.0
    }
}

/// Handlers for every namespace, those that exist and those to come: [`Server::every_namespace`](super::Server::every_namespace) gives
/// it. Python: `namespace='*'`. See [`server::EveryNamespace`].
#[derive(Clone, Debug)]
pub struct EveryNamespace(server::EveryNamespace);

event_words!(EveryNamespace);
connect_words!(EveryNamespace);

impl EveryNamespace {
    pub(super) fn new(every: server::EveryNamespace) -> Self {
        EveryNamespace(every)
    }
}

impl Deref for EveryNamespace {
    type Target = server::EveryNamespace;

    fn deref(&self) -> &server::EveryNamespace {
        &self.0
    }
}
