//! Middlewares: at the door of a namespace, and before the handlers of events.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use socketio_core::handler::{HandlerError, Rejection};
use socketio_core::{Ack, Args, Auth, ConnectError, Data, EventName, RawArgs};

use super::flavour::{Namespace, Next, Server, Socket, sleep};

#[derive(Deserialize)]
struct Stop {
    at: String,
}

type Passed = Result<RawArgs, HandlerError>;

pub(super) fn add(io: &Server) {
    add_door(&io.of("/door"));
    add_passing(&io.of("/middle"));
    add_changes(&io.of("/changing"));
}

/// Who has been asked, in this order.
fn add_door(door: &Namespace) {
    fn ask(socket: &Socket, auth: Option<&Stop>, who: &str) -> Result<(), ConnectError> {
        socket.edit_session(|asked: &mut Vec<String>| asked.push(who.to_owned()));
        match auth {
            Some(stop) if stop.at == who => {
                Err(ConnectError::new(format!("stopped at {who}")).with_data(who))
            }
            _ => Ok(()),
        }
    }
    let asked = |socket: Socket| socket.session::<Vec<String>>().map(|asked| asked.to_vec());
    door.use_connect(|socket: Socket, auth: Option<Auth<Stop>>| {
        ask(&socket, auth.as_ref().map(|Auth(stop)| stop), "first")
    })
    .use_connect(|socket: Socket, auth: Option<Auth<Stop>>| {
        later! {
            wait!(sleep(Duration::from_millis(20)));
            ask(&socket, auth.as_ref().map(|Auth(stop)| stop), "second")
        }
    })
    .on_connect(|socket: Socket, auth: Option<Auth<Stop>>| {
        ask(&socket, auth.as_ref().map(|Auth(stop)| stop), "handler")
    })
    .on("asked", asked);
}

fn add_passing(middle: &Namespace) {
    middle
        .use_event(timed)
        .use_event(unknown)
        .use_event(checked)
        .on("number", |Data(number): Data<u64>| number)
        .on("several", |Args((one, two)): Args<(u8, String)>| (two, one))
        .on("nothing", || ())
        .on("slow", || {
            later! {
                wait!(sleep(Duration::from_millis(20)));
                "slow"
            }
        })
        .on("fails", || -> Result<(), HandlerError> { Err(HandlerError::ack(json!({ "error": "told" }))) })
        .on("by hand", |ack: Ack| -> Result<(), HandlerError> { Ok(ack.send("by hand")?) })
        .on("never", |_: Ack| ())
        .on("panics", || -> () { panic!("asked for by a test") })
        .on("fence", || ());
}

waits! {
    /// Tells the client what it has seen of each event that it waited for.
    fn timed(socket: Socket, event: EventName, args: RawArgs, next: Next) -> Passed {
        let answer = wait!(next.run());
        if &*event != "fence" {
            let answered = answer.as_ref().map_or("an error".to_owned(), |answer| answer.json().to_owned());
            socket.emit("passed", (event.to_string(), args.json(), answered))?;
        }
        answer
    }
}

waits! {
    fn unknown(next: Next) -> Passed {
        if next.is_handled() { wait!(next.run()) } else { Err(HandlerError::ack("nobody handles this")) }
    }
}

waits! {
    fn checked(event: EventName, first: Result<Data<Value>, Rejection>, next: Next) -> Passed {
        match (&*event, first) {
            ("number", Ok(Data(Value::Number(number)))) if number.as_u64() == Some(13) => {
                Err(HandlerError::ack("refused"))
            }
            ("number", Ok(Data(Value::String(_)))) => wait!(next.with_args(5)?.run()),
            _ => wait!(next.run()),
        }
    }
}

/// A namespace that decides for itself who handles what.
fn add_changes(changing: &Namespace) {
    changing
        .use_event(|event: EventName, next: Next| {
            later! {
                match event.strip_prefix("v2:") {
                    Some(name) => wait!(next.with_event(name).run()),
                    None if &*event == "here" => Ok(RawArgs::encode(&"handled by the middleware")?),
                    None => wait!(next.run()),
                }
            }
        })
        .on("hello", |event: EventName| format!("handled as {event}"));
}
