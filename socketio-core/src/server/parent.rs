//! Namespaces by the dozen: handlers for all whose name fits a pattern or a predicate.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::inner::ServerInner;
use super::pattern::{Captures, Pattern};
use super::table::{Handlers, Table};
use super::words::{connect_words, event_words};
use super::{EmitError, Namespace};
use crate::adapter::Receipt;
use crate::protocol::args::{IntoArgs, RawArgs};

/// All namespaces whose name fits: [`Server::of_pattern`](super::Server::of_pattern) and [`Server::of_where`](super::Server::of_where)
/// give it. A cheap handle.
///
/// Its children are made when the first client asks for them, and forgotten when the last one has left. Its handlers and middlewares
/// serve them all, now and later; a child's own handlers ([`Server::of`](super::Server::of) with its name) win. In a handler,
/// [`Captured`](crate::handler::Captured) has the parts of the name that the pattern captured.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{Data, Socket, handler::Captured};
///
/// let boards = io.of_pattern("/board-{id}");
/// boards.on("draw", |socket: Socket, Captured(id): Captured<u64>, Data(line): Data<String>| {
///     println!("a line on board {id}");
///     socket.broadcast().emit("draw", line).ok();
/// });
/// # }
/// ```
#[derive(Clone)]
pub struct ParentNamespace {
    server: Arc<ServerInner>,
    inner: Arc<Parent>,
}

/// What decides about a name.
pub(crate) enum Matcher {
    Pattern(Pattern),
    Predicate(Box<dyn Fn(&str) -> bool + Send + Sync>),
}

pub(crate) struct Parent {
    matcher: Matcher,
    pub(crate) table: Table,
}

impl Parent {
    pub(crate) fn new(matcher: Matcher) -> Self {
        Parent { matcher, table: Table::default() }
    }

    /// What was captured, if the name fits.
    pub(crate) fn fits(&self, name: &str) -> Option<Captures> {
        match &self.matcher {
            Matcher::Pattern(pattern) => pattern.captures(name),
            Matcher::Predicate(fits) => match catch_unwind(AssertUnwindSafe(|| fits(name))) {
                Ok(fits) => fits.then(Captures::default),
                Err(_) => {
                    tracing::error!(target: "socketio", "the predicate of a parent namespace panicked: the name does not fit");
                    None
                }
            },
        }
    }
}

event_words!(ParentNamespace);
connect_words!(ParentNamespace);

impl ParentNamespace {
    pub(crate) fn new(server: Arc<ServerInner>, matcher: Matcher) -> Self {
        let inner = Arc::new(Parent::new(matcher));
        server.uncommon.note_layers();
        server.namespaces.add_parent(&inner);
        ParentNamespace { server, inner }
    }

    fn add(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.inner.table.change(change);
        self.server.uncommon.note(&self.inner.table.load());
        self
    }

    fn remove(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.inner.table.change(change);
        self
    }

    /// Its children on this server, as they are now.
    #[must_use]
    pub fn children(&self) -> Vec<Namespace> {
        let all = self.server.namespaces.all().into_iter();
        let own = all.filter(|child| child.parent().is_some_and(|parent| Arc::ptr_eq(parent, &self.inner)));
        own.map(|inner| Namespace { server: self.server.clone(), inner }).collect()
    }

    /// Sends `event` to everybody in each of its [children](Self::children), on every node.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`], [`EmitError::ReservedEvent`]: nothing was sent. [`EmitError::Adapter`]: not every child was sent it.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        let args = RawArgs::encode(&args)?;
        let mut all = Receipt::default();
        for child in self.children() {
            let receipt = child.emit(event, &args)?;
            all.local += receipt.local;
            all.displaced += receipt.displaced;
        }
        Ok(all)
    }
}

/// Handlers for every namespace, those that exist and those to come: [`Server::every_namespace`](super::Server::every_namespace) gives
/// it. Python: `namespace='*'`.
///
/// They serve where a namespace, and its parent, has none of its own: see [`on_any`](Self::on_any) for the order. They let nobody in by
/// themselves: [`ServerBuilder::namespace`](super::ServerBuilder::namespace) with `*` does.
#[derive(Clone)]
pub struct EveryNamespace {
    server: Arc<ServerInner>,
}

event_words!(EveryNamespace);
connect_words!(EveryNamespace);

impl EveryNamespace {
    pub(crate) fn new(server: Arc<ServerInner>) -> Self {
        EveryNamespace { server }
    }

    fn add(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.server.uncommon.note_layers();
        let table = self.server.every.get_or_init(Table::default);
        table.change(change);
        self.server.uncommon.note(&table.load());
        self
    }

    fn remove(&self, change: impl Fn(&mut Handlers)) -> &Self {
        if let Some(table) = self.server.every.get() {
            table.change(change);
        }
        self
    }
}

impl fmt::Debug for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = match &self.matcher {
            Matcher::Pattern(pattern) => Some(pattern),
            Matcher::Predicate(_) => None,
        };
        f.debug_struct("Parent").field("pattern", &pattern).finish_non_exhaustive()
    }
}

impl fmt::Debug for ParentNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ParentNamespace").field(&self.inner).finish()
    }
}

impl fmt::Debug for EveryNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EveryNamespace").finish_non_exhaustive()
    }
}
