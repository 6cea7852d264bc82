//! Numbered events: the server counts what it gets, and counts aloud.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use serde::Serialize;
use socketio_core::{Args, Data, HandlerError, Sid, State, Transport};

use super::World;
use super::flavour::{Server, Socket, sleep};

/// What each client has sent so far.
pub(super) type Numbers = Mutex<HashMap<Sid, Received>>;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Received {
    count: u64,
    /// The first number that was not the next one.
    wrong: Option<u64>,
    /// Those by which numbers came, in the order of their first.
    transports: Vec<String>,
}

pub(super) fn add(io: &Server) {
    io.of("/numbered")
        .on("up", up)
        .on("report", report)
        .on("start", |socket: Socket, Data(count): Data<u64>| {
            in_background! {
                let _ = wait!(count_across_the_upgrade(socket, count));
            };
        })
        .on("start at once", |socket: Socket, Data(count): Data<u64>| -> Result<(), HandlerError> {
            for number in 0..count {
                socket.emit("down", number)?;
            }
            Ok(())
        });
}

/// Numbers come alone or with an attachment of a length that follows from them.
fn up(socket: Socket, State(world): State<World>, Args((number, bytes)): Args<(u64, Option<Bytes>)>) {
    let transport = socket.transport().to_string();
    let mut numbers = world.numbers.lock().unwrap_or_else(PoisonError::into_inner);
    let received = numbers.entry(socket.id().clone()).or_default();
    let fits = bytes.is_none_or(|bytes| bytes.len() as u64 == number % 50);
    if (number != received.count || !fits) && received.wrong.is_none() {
        received.wrong = Some(number);
    }
    received.count += 1;
    if !received.transports.contains(&transport) {
        received.transports.push(transport);
    }
}

fn report(socket: Socket, State(world): State<World>) -> Received {
    let mut numbers = world.numbers.lock().unwrap_or_else(PoisonError::into_inner);
    numbers.remove(socket.id()).unwrap_or_default()
}

waits! {
    /// A few at a time: at most half of them before the connection has changed over, the rest across and after it.
    fn count_across_the_upgrade(socket: Socket, count: u64) -> Result<(), HandlerError> {
        let mut next = 0;
        while next < count && socket.is_connected() {
            let waits = socket.transport() == Transport::Polling && next >= count / 2;
            let end = if waits { next } else { (next + 10).min(count) };
            for number in next..end {
                if number % 7 == 3 {
                    let length = usize::try_from(number % 50).unwrap_or_default();
                    socket.emit("down", (number, Bytes::from(vec![1; length])))?;
                } else {
                    socket.emit("down", number)?;
                }
            }
            next = end;
            wait!(sleep(Duration::from_millis(1)));
        }
        Ok(())
    }
}
