//! Ends, and what the server knows of them. Watchers are told.

use socketio_core::{Data, DisconnectReason, HandlerError, Session};

use super::flavour::{Namespace, Server, Socket};
use super::handlers::Visitor;

pub(super) fn add(io: &Server) {
    let main: Namespace = io.of("/");

    io.on_disconnect(left)
        .on("disconnect me", |socket: Socket| {
            socket.disconnect();
        })
        .on("close me", |socket: Socket| {
            socket.close();
        })
        .on("last words and close", |socket: Socket| -> Result<(), HandlerError> {
            for number in 1..=3 {
                socket.emit("last words", number)?;
            }
            socket.close();
            Ok(())
        })
        .on("kick", move |Data(sid): Data<String>| {
            let socket = main.socket(&sid);
            socket.inspect(|socket| socket.disconnect()).is_some()
        })
        .on("wait until closed", |socket: Socket| {
            in_background! {
                wait!(socket.closed());
                let watchers = socket.namespace().to("watchers");
                let _ = watchers.emit("outcome", (socket.id(), "closed"));
            };
        });
}

fn left(
    socket: Socket,
    reason: DisconnectReason,
    visitor: Option<Session<Visitor>>,
) -> Result<(), HandlerError> {
    let watchers = socket.namespace().to("watchers");
    watchers.emit("left", (socket.id(), reason.to_string()))?;
    if let Some(Session(visitor)) = visitor {
        watchers.emit("farewell", (socket.id(), &visitor.name))?;
    }
    Ok(())
}
