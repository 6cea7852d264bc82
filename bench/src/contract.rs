//! The contract that every server fulfils which is measured: see the README.

use std::env;

use serde_json::Value;
use socketio_core::{Data, HandlerError, Namespace, RawArgs, Server, Socket};

pub(crate) fn fulfil(io: &Server) {
    match env::var("JSON").as_deref() {
        Ok("value") => io.on("echo", echo_value).on("echo_ack", echo_ack_value),
        _ => io.on("echo", echo).on("echo_ack", echo_ack),
    };
    io.on("join", join).on("fan", fan);
}

pub(crate) fn echo(socket: Socket, args: RawArgs) -> Result<(), HandlerError> {
    socket.emit("echo", args)?;
    Ok(())
}

fn echo_ack(args: RawArgs) -> RawArgs {
    args
}

fn echo_value(socket: Socket, Data(value): Data<Value>) -> Result<(), HandlerError> {
    socket.emit("echo", value)?;
    Ok(())
}

fn echo_ack_value(Data(value): Data<Value>) -> Value {
    value
}

fn join(socket: Socket) -> Result<(), HandlerError> {
    Ok(socket.join("all")?)
}

fn fan(namespace: Namespace, args: RawArgs) -> Result<(), HandlerError> {
    namespace.to("all").emit("fan", args)?;
    Ok(())
}
