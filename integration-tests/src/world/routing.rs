//! A server of its own for the question who handles what: catch-alls, namespaces by pattern and by predicate.

use std::sync::{Arc, Mutex, PoisonError};

use socketio_core::handler::{Captured, HandlerError};
use socketio_core::{ConnectError, Data, EventName, RawArgs};

use super::flavour::{Namespace, Next, Server, ServerBuilder, Socket, running};
use crate::running::Running;

/// The new namespaces that have been heard of.
type Seen = Arc<Mutex<Vec<String>>>;

/// Starts it on a port of its own; clients may be in every namespace.
pub async fn start() -> Running {
    start_with(Server::builder()).await
}

/// Starts it with other settings.
pub async fn start_with(builder: ServerBuilder) -> Running {
    let io = builder.namespace("*").build().expect("the settings are valid");
    add_new_namespaces(&io);
    add_catch_alls(&io);
    add_patterns(&io);
    running(io).await
}

fn add_new_namespaces(io: &Server) {
    let seen = Seen::default();
    let noting = seen.clone();
    io.on_new_namespace(move |namespace: Namespace| {
        noting.lock().unwrap_or_else(PoisonError::into_inner).push(namespace.name().to_owned());
        if namespace.name() == "/furnished" {
            namespace.on("event", || "given when it was made");
        }
    });
    io.on("namespaces seen", move || seen.lock().unwrap_or_else(PoisonError::into_inner).clone());
}

/// Each answers who it is.
fn add_catch_alls(io: &Server) {
    io.every_namespace()
        .on("fence", || ())
        .on("event", || "every namespace, event")
        .on_any(|event: EventName, namespace: Namespace| {
            (format!("every namespace, any: {event}"), namespace.name().to_owned())
        })
        .on("equip", |socket: Socket, Data(what): Data<String>| {
            match what.as_str() {
                "event" => socket.on("event", || "socket, event"),
                "any" => socket.on_any(|event: EventName| format!("socket, any: {event}")),
                "once" => socket.once("event", || "socket, once"),
                "off" => socket.off("event").off_any(),
                _ => socket.use_event(|event: EventName, next: Next| {
                    later! {
                        match &*event {
                            "equip" | "fence" => wait!(next.run()),
                            _ => Err(HandlerError::ack("the socket's own middleware")),
                        }
                    }
                }),
            };
        });
    io.of("/own-event").on("event", || "namespace, event");
    io.of("/own-any").on_any(|event: EventName| format!("namespace, any: {event}"));
    io.of("/own-both").on("event", || "namespace, event").on_any(|| "namespace, any");
    io.of_pattern("/board-{id}").on("event", || "parent, event").on_any(|| "parent, any");
    io.of("/board-special").on("event", || "child, event");
}

fn add_patterns(io: &Server) {
    let rooms = io.of_pattern("/tenant/{tenant}/room-{id}");
    rooms
        .use_connect(|Captured((_, id)): Captured<(String, u32)>| match id {
            13 => Err(ConnectError::new("not this room").with_data(id)),
            _ => Ok(()),
        })
        .on("where", |Captured((tenant, id)): Captured<(String, u32)>, namespace: Namespace| {
            (tenant, id, namespace.name().to_owned())
        });
    let parent = rooms.clone();
    rooms.on("children", move || {
        let mut names: Vec<_> = parent.children().iter().map(|child| child.name().to_owned()).collect();
        names.sort();
        names
    });
    let parent = rooms.clone();
    rooms.on("tell all", move |text: RawArgs| -> Result<usize, HandlerError> {
        Ok(parent.emit("told", text)?.local)
    });
    let even = |name: &str| {
        let number = name.strip_prefix("/number-").and_then(|number| number.parse::<u64>().ok());
        number.is_some_and(|number| number % 2 == 0)
    };
    io.of_where(even).on("event", |namespace: Namespace| format!("{} is even", namespace.name()));
}
