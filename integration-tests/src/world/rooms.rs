//! Rooms and broadcasts.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use socketio_core::{Args, Data, HandlerError, RawArgs};

use super::flavour::{Namespace, Server, Socket};

/// A broadcast as a client asks for it.
#[derive(Deserialize)]
struct Say {
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    text: String,
}

#[derive(Deserialize)]
struct Put {
    sid: String,
    room: String,
}

#[derive(Serialize)]
struct Show {
    picture: Bytes,
}

type Reached = Result<usize, HandlerError>;

pub(super) fn add(io: &Server) {
    let main: Namespace = io.of("/");
    let (announcing, putting, showing, mixing) = (main.clone(), main.clone(), main.clone(), main.clone());

    io.on("join", |socket: Socket, Data(rooms): Data<Vec<String>>| -> Result<(), HandlerError> {
        Ok(socket.join(rooms)?)
    })
    .on("leave", |socket: Socket, Data(rooms): Data<Vec<String>>| {
        socket.leave(rooms);
    })
    .on("watch", |socket: Socket| -> Result<(), HandlerError> { Ok(socket.join("watchers")?) })
    .on("rooms", room_names)
    .on("close room", move |Data(room): Data<String>| -> Reached { Ok(main.close_room(room)?.local) });

    io.on("say", |socket: Socket, Data(say): Data<Say>| -> Reached {
        let broadcast = if say.to.is_empty() { socket.broadcast() } else { socket.to(say.to) };
        Ok(broadcast.except(say.except).emit("heard", say.text)?.local)
    })
    .on("announce", move |Data(say): Data<Say>| -> Reached {
        let broadcast = match (say.to.is_empty(), say.except.is_empty()) {
            (true, true) => return Ok(announcing.emit("heard", say.text)?.local),
            (true, false) => announcing.except(say.except),
            _ => announcing.to(say.to).except(say.except),
        };
        Ok(broadcast.emit("heard", say.text)?.local)
    })
    .on("broadcast", |socket: Socket, Data(text): Data<String>| -> Reached {
        Ok(socket.broadcast().emit("heard", text)?.local)
    })
    .on("show", move |Args((room, picture)): Args<(String, Bytes)>| -> Reached {
        Ok(showing.to(room).emit("heard", Show { picture })?.local)
    });

    io.on("pass on", pass_on);

    io.on("put into", move |Data(put): Data<Put>| -> Result<bool, HandlerError> {
        let Some(socket) = putting.socket(&put.sid) else {
            return Ok(false);
        };
        socket.join(put.room)?;
        Ok(true)
    })
    .on(
        "mixed numbers",
        move |socket: Socket, Args((room, count)): Args<(String, usize)>| -> Result<(), HandlerError> {
            for number in 0..count {
                if number % 2 == 0 {
                    socket.emit("number", number)?;
                } else {
                    mixing.to(&room).emit("number", number)?;
                }
            }
            Ok(())
        },
    );
}

/// Sends the arguments, as they came, to the others in the room that the first one names.
fn pass_on(socket: Socket, args: RawArgs) -> Reached {
    let room: String = args.as_ref()?.first()?;
    Ok(socket.to(room).emit("passed on", &args)?.local)
}

pub(super) fn room_names(socket: Socket) -> Vec<String> {
    socket.rooms().iter().map(ToString::to_string).collect()
}
