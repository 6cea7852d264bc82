//! `events!`: functions and methods register under their own names.

/// Registers functions under their own names, or the methods of a class under theirs without the `on_`.
///
/// ```
/// use socketio_core::{Data, HandlerError, Server, Socket, events};
///
/// fn connect(socket: Socket) {
///     println!("{} is here", socket.id());
/// }
///
/// fn join(socket: Socket, Data(room): Data<String>) -> Result<(), HandlerError> {
///     Ok(socket.join(room)?)
/// }
///
/// async fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
///     Ok(socket.broadcast().emit("say", text)?.local)
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let io = Server::builder().build()?;
/// events!(io, connect, join, say);
/// events!(io.of("/other"), say);
/// # Ok(()) }
/// ```
///
/// That is `io.on_connect(connect)`, `io.on("join", join)` and `io.on("say", say)`. Four names are no events of clients but
/// [`on_connect`](crate::Namespace::on_connect), [`on_connected`](crate::Namespace::on_connected),
/// [`on_disconnecting`](crate::Namespace::on_disconnecting) and [`on_disconnect`](crate::Namespace::on_disconnect): `connect`,
/// `connected`, `disconnecting`, `disconnect`. An event that is called `connected` all the same is given by
/// [`on`](crate::Namespace::on), and so is one whose name cannot be a function's. It takes whatever has these words: a
/// [`Server`](crate::Server), a [`Namespace`](crate::Namespace), a [`ParentNamespace`](crate::server::ParentNamespace), a
/// [`Socket`](crate::Socket). Closures may be registered too, by the name of the variable that holds them.
///
/// With the name of a class, in [`Class::events`](crate::handler::Class::events), it takes its methods: `events!(on, Chat: on_say)` is
/// `on.on("say", Chat::on_say)`.
///
/// Python: `@sio.event`.
#[macro_export]
macro_rules! events {
    ($on:expr, $class:ty: $($method:ident),+ $(,)?) => {{
        let on = &mut *$on;
        $($crate::__register!(method, on, <$class>::$method, $method);)+
    }};
    ($on:expr, $($function:ident),+ $(,)?) => {
        match &$on {
            on => { $($crate::__register!(function, on, $function, $function);)+ }
        }
    };
}

/// The name comes once as what is registered, and once to be looked at.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    (function, $on:ident, $function:expr, connect) => {
        $on.on_connect($function)
    };
    (function, $on:ident, $function:expr, connected) => {
        $on.on_connected($function)
    };
    (function, $on:ident, $function:expr, disconnecting) => {
        $on.on_disconnecting($function)
    };
    (function, $on:ident, $function:expr, disconnect) => {
        $on.on_disconnect($function)
    };
    (function, $on:ident, $function:expr, $name:ident) => {
        $on.on($crate::handler::event_of_function(stringify!($name)), $function)
    };
    (method, $on:ident, $method:expr, on_connect) => {
        $on.on_connect($method)
    };
    (method, $on:ident, $method:expr, on_connected) => {
        $on.on_connected($method)
    };
    (method, $on:ident, $method:expr, on_disconnecting) => {
        $on.on_disconnecting($method)
    };
    (method, $on:ident, $method:expr, on_disconnect) => {
        $on.on_disconnect($method)
    };
    (method, $on:ident, $method:expr, $name:ident) => {
        $on.on($crate::handler::event_of_method(stringify!($name)), $method)
    };
}

/// The event that a function of this name handles.
#[doc(hidden)]
#[must_use]
pub fn event_of_function(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The event that a method of this name handles.
#[doc(hidden)]
#[must_use]
pub fn event_of_method(name: &str) -> &str {
    let name = event_of_function(name);
    name.strip_prefix("on_").unwrap_or(name)
}
