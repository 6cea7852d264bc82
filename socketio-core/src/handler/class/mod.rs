//! Classes: types whose methods are the handlers of a namespace.

mod dispatch; // a class that finds its methods itself
mod method; // methods that are handlers

use std::any::type_name;
use std::fmt;
use std::sync::Arc;

pub(crate) use self::method::Place;
pub use self::method::{ConnectMethod, Method};

use super::context::kind::{Connected, Disconnect, Event, Middleware};
use super::function::Function;
use crate::adapter::reserved;
use crate::server::table::{Handlers, Listener};

/// A type whose methods handle the events of a namespace. Python: a subclass of `Namespace`.
///
/// [`class`](crate::Namespace::class) puts it into a namespace. There is one instance for all clients, so methods take `&self`; what
/// belongs to one client is in its [session](crate::Session). Methods are handlers like any other: sync or async, with up to five
/// [extractors](crate::handler) behind `&self`, and their result is the client's ack. The words of the server for its namespace come
/// with the extractor [`Namespace`](crate::Namespace).
///
/// ```
/// use socketio_core::handler::{Class, Events};
/// use socketio_core::{Auth, Data, HandlerError, Namespace, Server, Socket, events};
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     token: String,
/// }
///
/// struct Chat {
///     motto: String,
/// }
///
/// impl Chat {
///     fn on_connect(&self, socket: Socket, Auth(login): Auth<Login>) -> bool {
///         login.token == "secret" && socket.join("lobby").is_ok()
///     }
///
///     async fn on_say(&self, chat: Namespace, Data(text): Data<String>) -> Result<usize, HandlerError> {
///         Ok(chat.to("lobby").emit("say", (text, &self.motto))?.local)
///     }
/// }
///
/// impl Class for Chat {
///     fn events(on: &mut Events<'_, Self>) {
///         events!(on, Chat: on_connect, on_say);
///     }
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let io = Server::builder().build()?;
/// io.of("/chat").class(Chat { motto: "be kind".to_owned() });
/// # Ok(()) }
/// ```
///
/// An event for which the class has no method is ignored. Functions come first: one that handles the event, by its name or as a
/// catch-all, in the namespace, its parent or every namespace, leaves nothing to the class; and of several classes that a client could
/// be served by (the namespace's, its parent's, that of every namespace) the narrowest alone counts, also for events that it has no
/// method for. This is python's order.
///
/// Guide: "Class-Based Namespaces".
pub trait Class: Send + Sync + Sized + 'static {
    /// Says which methods handle what, by [`events!`](crate::events) or one by one; called once, when the instance is put into a
    /// namespace.
    fn events(on: &mut Events<'_, Self>);
}

/// An instance that the program goes on using.
impl<C: Class> Class for Arc<C> {
    fn events(on: &mut Events<'_, Self>) {
        let class = Arc::<C>::clone(&on.class);
        C::events(&mut Events { class, place: on.place, methods: on.methods });
    }
}

/// Takes the methods of a [`Class`], in the words in which a namespace takes functions.
pub struct Events<'a, C> {
    class: Arc<C>,
    place: Place,
    methods: &'a mut Methods,
}

impl<C: Class> Events<'_, C> {
    /// Handles an event, under whatever name: `on.on("my custom event", Chat::custom)`.
    ///
    /// # Panics
    ///
    /// `event` is a reserved name: `connect`, `connect_error`, `disconnect`, `disconnecting`, `newListener`, `removeListener`.
    #[track_caller]
    pub fn on<M>(&mut self, event: &str, method: impl Method<C, Event, M>) -> &mut Self {
        reserved::forbid(event);
        let function = self.bind(method);
        self.methods.handlers.events.insert(event.into(), Listener::new(function));
        self
    }

    /// Handles every event for which the class has no method: see [`Namespace::on_any`](crate::Namespace::on_any).
    pub fn on_any<M>(&mut self, method: impl Method<C, Event, M>) -> &mut Self {
        self.methods.handlers.any = Some(self.bind(method));
        self
    }

    /// Decides who may come in: see [`Namespace::on_connect`](crate::Namespace::on_connect).
    pub fn on_connect<M>(&mut self, method: impl ConnectMethod<C, M>) -> &mut Self {
        self.methods.handlers.connect = Some(method.bind(self.class.clone(), self.place));
        self
    }

    /// Runs when a client has been let in: see [`Namespace::on_connected`](crate::Namespace::on_connected).
    pub fn on_connected<M>(&mut self, method: impl Method<C, Connected, M>) -> &mut Self {
        self.methods.handlers.connected = Some(self.bind(method));
        self
    }

    /// Runs when a client is about to be gone: see [`Namespace::on_disconnecting`](crate::Namespace::on_disconnecting).
    pub fn on_disconnecting<M>(&mut self, method: impl Method<C, Disconnect, M>) -> &mut Self {
        self.methods.handlers.disconnecting = Some(self.bind(method));
        self
    }

    /// Runs when a client is gone: see [`Namespace::on_disconnect`](crate::Namespace::on_disconnect).
    pub fn on_disconnect<M>(&mut self, method: impl Method<C, Disconnect, M>) -> &mut Self {
        self.methods.handlers.disconnect = Some(self.bind(method));
        self
    }

    /// Runs when a client has changed over to WebSocket: see [`Namespace::on_upgrade`](crate::Namespace::on_upgrade).
    pub fn on_upgrade<M>(&mut self, method: impl Method<C, Connected, M>) -> &mut Self {
        self.methods.handlers.upgraded = Some(self.bind(method));
        self
    }

    /// Puts a method in charge of every event that reaches the class, those that it has no method for included. Python: an override of
    /// `trigger_event`.
    ///
    /// It takes what a [middleware](crate::Namespace::use_event) takes. [`Next`](crate::handler::Next) runs the class's method of the
    /// event's name, or of [another](crate::handler::Next::with_event), if there is one; what this method returns is the client's ack.
    ///
    /// ```
    /// use socketio_core::handler::{Class, Events, HandlerError, Next};
    /// use socketio_core::{RawArgs, events};
    ///
    /// struct Lamp;
    ///
    /// impl Lamp {
    ///     fn on_switch_on(&self) {}
    ///
    ///     /// `switch-on` is no name that a method can have.
    ///     async fn dispatch(&self, next: Next) -> Result<RawArgs, HandlerError> {
    ///         let method = next.event().replace('-', "_");
    ///         next.with_event(&method).run().await
    ///     }
    /// }
    ///
    /// impl Class for Lamp {
    ///     fn events(on: &mut Events<'_, Self>) {
    ///         events!(on, Lamp: on_switch_on);
    ///         on.dispatch(Lamp::dispatch);
    ///     }
    /// }
    /// ```
    pub fn dispatch<M>(&mut self, method: impl Method<C, Middleware, M>) -> &mut Self {
        self.methods.dispatch = Some(self.bind(method));
        self
    }

    fn bind<K, M>(&self, method: impl Method<C, K, M>) -> Function {
        method.bind(self.class.clone(), self.place)
    }
}

/// The methods of an instance, each bound to it.
#[derive(Default)]
pub(crate) struct Methods {
    pub(crate) handlers: Handlers,
    dispatch: Option<Function>,
}

impl Methods {
    /// Those of `class`; the ones that are not async run in `place`.
    pub(crate) fn of<C: Class>(class: C, place: Place) -> Arc<Self> {
        let mut methods = Methods::default();
        C::events(&mut Events { class: Arc::new(class), place, methods: &mut methods });
        Arc::new(methods)
    }

    /// What happens to `event`.
    pub(crate) fn event(self: &Arc<Self>, event: &str) -> Option<Function> {
        match &self.dispatch {
            Some(dispatch) => Some(dispatch::function(dispatch.clone(), self.clone())),
            None => self.method(event).cloned(),
        }
    }

    /// The method for `event`.
    pub(super) fn method(&self, event: &str) -> Option<&Function> {
        let listener = self.handlers.events.get(event);
        listener.map(Listener::function).or(self.handlers.any.as_ref())
    }

    /// Whether anything happens to `event`.
    pub(crate) fn handle(&self, event: &str) -> bool {
        self.dispatch.is_some() || self.method(event).is_some()
    }
}

impl<C> fmt::Debug for Events<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("class", &type_name::<C>()).finish_non_exhaustive()
    }
}
