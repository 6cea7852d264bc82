//! Acks in both directions: what a handler returns, and what the server asks of a client.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use socketio_core::{Ack, Args, Data, HandlerError, server::AckError};

use super::flavour::{Server, Socket, sleep};
use super::values::ALICE;

const PATIENTLY: Duration = Duration::from_secs(20);

pub(super) fn add(io: &Server) {
    io.on("ack nothing", || ())
        .on("ack one", || "one")
        .on("ack tuple", || (1, "two", json!({ "three": 3 })))
        .on("ack list", || vec![1, 2, 3])
        .on("ack struct", || ALICE)
        .on("ack option", || None::<u8>)
        .on("ack ok", || -> Result<u8, HandlerError> { Ok(5) })
        .on("ack ok tuple", || -> Result<(u8, u8), HandlerError> { Ok((1, 2)) })
        .on("ack ok nothing", || -> Result<(), HandlerError> { Ok(()) })
        .on("ack bytes", || Bytes::from_static(&[1, 2, 3]))
        .on("ack error", || -> Result<u8, HandlerError> { Err(HandlerError::new("asked for by a test")) })
        .on("ack error later", || {
            later! {
                wait!(sleep(Duration::from_millis(1)));
                Err::<u8, _>(HandlerError::new("asked for by a test"))
            }
        })
        .on("ack error with value", || -> Result<u8, HandlerError> {
            Err(HandlerError::ack(json!({ "error": "told" })))
        })
        .on("ack error with tuple", || -> Result<u8, HandlerError> { Err(HandlerError::ack(("error", 42))) })
        .on("ack later", || {
            later! {
                wait!(sleep(Duration::from_millis(20)));
                "later"
            }
        })
        .on("ack by hand", |ack: Ack| -> Result<(), HandlerError> { Ok(ack.send(("by", "hand"))?) })
        .on("ack from a task", |ack: Ack| {
            in_background! {
                wait!(sleep(Duration::from_millis(1)));
                let _ = ack.send("task");
            };
        })
        .on("ack never", |_: Ack| ());

    io.on("count", |Data(number): Data<u64>| number).on("start and wait", start_and_wait);

    io.on("ask nothing", ask_nothing)
        .on("ask number", ask_number)
        .on("ask pair", ask_pair)
        .on("ask bytes", ask_bytes)
        .on("ask shortly", ask_shortly)
        .on("ask patiently", ask_patiently);
}

waits! {
    fn start_and_wait(
        socket: Socket,
        Args((number, milliseconds)): Args<(u64, u64)>,
    ) -> Result<(), HandlerError> {
        socket.emit("started", number)?;
        wait!(sleep(Duration::from_millis(milliseconds)));
        Ok(())
    }
}

waits! {
    fn ask_nothing(socket: Socket) -> Result<&'static str, HandlerError> {
        let () = wait!(socket.timeout(PATIENTLY).emit_with_ack("question", ()))?;
        Ok("nothing")
    }
}

waits! {
    fn ask_number(socket: Socket, Data(number): Data<i64>) -> Result<Value, HandlerError> {
        let asked: Result<i64, _> = wait!(socket.emit_with_ack("question", number));
        match asked {
            Ok(answer) => Ok(answer.into()),
            Err(AckError::Decode { .. }) => Ok("does not fit".into()),
            Err(other) => Err(other.into()),
        }
    }
}

waits! {
    fn ask_pair(socket: Socket) -> Result<impl Serialize, HandlerError> {
        let (number, text): (u32, String) = wait!(socket.timeout(PATIENTLY).emit_with_ack("question", ()))?;
        Ok(json!({ "number": number, "text": text }))
    }
}

waits! {
    fn ask_bytes(socket: Socket, Data(bytes): Data<Bytes>) -> Result<Bytes, HandlerError> {
        Ok(wait!(socket.timeout(PATIENTLY).emit_with_ack("question", bytes))?)
    }
}

waits! {
    fn ask_shortly(socket: Socket) -> Result<String, HandlerError> {
        let asked: Result<Value, _> =
            wait!(socket.timeout(Duration::from_millis(100)).emit_with_ack("question", ()));
        Ok(outcome(&asked))
    }
}

waits! {
    /// Tells the watchers how it went: the one who was asked may be gone.
    fn ask_patiently(socket: Socket) -> Result<(), HandlerError> {
        let asked: Result<Value, _> = wait!(socket.timeout(PATIENTLY).emit_with_ack("question", ()));
        socket.namespace().to("watchers").emit("outcome", (socket.id(), outcome(&asked)))?;
        Ok(())
    }
}

fn outcome(asked: &Result<Value, AckError>) -> String {
    match asked {
        Ok(answer) => answer.to_string(),
        Err(AckError::Timeout { .. }) => "timeout".into(),
        Err(AckError::Disconnected) => "disconnected".into(),
        Err(other) => other.to_string(),
    }
}
