//! What the curves ask of our server beside the contract: rooms by number, and namespaces by number.

use serde_json::value::RawValue;
use socketio_core::{Args, HandlerError, Namespace, Server, Socket};

use crate::contract::echo;

pub(crate) fn serve(io: &Server) {
    io.on("enter", enter).on("say", say);
    io.of_pattern("/n-{number}").on("echo", echo);
}

/// Into `count` rooms, of which nobody else is in any.
fn enter(socket: Socket, Args((first, count)): Args<(usize, usize)>) -> Result<(), HandlerError> {
    for room in first..first + count {
        socket.join(name(room))?;
    }
    Ok(())
}

/// To whoever is in the room.
fn say(namespace: Namespace, Args((room, data)): Args<(usize, Box<RawValue>)>) -> Result<(), HandlerError> {
    namespace.to(name(room)).emit("echo", data)?;
    Ok(())
}

fn name(room: usize) -> String {
    format!("room-{room}")
}
