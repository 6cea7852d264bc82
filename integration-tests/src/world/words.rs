//! What a server says and hears of its clients beside events: rooms, ends, what is sent, sessions in every form, questions to many.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use socketio_core::adapter::Reply;
use socketio_core::handler::SharedSession;
use socketio_core::server::{AckError, RoomEvent};
use socketio_core::{Args, Data, DisconnectReason, EventName, HandlerError, RawArgs, Sid};

use super::flavour::{Namespace, Server, Socket, call_all_back, call_back, sleep};

/// Clients that answer have time to on a busy machine, and who waits for those that do not has it soon.
const SHORTLY: Duration = Duration::from_secs(2);
const PATIENTLY: Duration = Duration::from_secs(20);

type Nothing = Result<(), HandlerError>;

pub(super) fn add(io: &Server) {
    let words = io.of("/words");
    words
        .on("fence", || ())
        .on("join", |socket: Socket, Data(rooms): Data<Vec<String>>| -> Nothing { Ok(socket.join(rooms)?) })
        .on("leave", |socket: Socket, Data(rooms): Data<Vec<String>>| socket.leave(rooms))
        .on("transport", |socket: Socket| socket.transport().to_string());
    add_watchers(&words);
    add_ends(&words);
    add_sessions(io, &words);
    add_questions(&words);
    add_crowd(&io.of("/crowd"));
}

/// Watchers are told of rooms and of what is sent.
fn add_watchers(words: &Namespace) {
    let told = words.clone();
    words.on_room_event(move |event| {
        let what = match event {
            RoomEvent::Create(room) => json!(["create", room.to_string()]),
            RoomEvent::Join(room, sid) => json!(["join", room.to_string(), sid]),
            RoomEvent::Leave(room, sid) => json!(["leave", room.to_string(), sid]),
            RoomEvent::Delete(room) => json!(["delete", room.to_string()]),
            _ => return,
        };
        let _ = told.to("watchers of rooms").emit("room", what);
    });
    let told = words.clone();
    words.on_any_outgoing(move |socket: Socket, event: EventName, args: RawArgs| {
        let _ = told.to("watchers of sending").emit("sent", (socket.id(), event.to_string(), args.json()));
    });
    let heard = words.clone();
    words.on("tell", move |socket: Socket, Args((room, text)): Args<(String, String)>| -> Nothing {
        socket.emit("told", &text)?;
        heard.to(room).emit("told to all", text)?;
        Ok(())
    });
    words.on_upgrade(|socket: Socket| -> Nothing {
        Ok(socket.emit("upgraded", socket.transport().to_string())?)
    });
}

fn add_ends(words: &Namespace) {
    fn rooms(socket: &Socket) -> Vec<String> {
        let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
        rooms.retain(|room| room != socket.id().as_str());
        rooms.sort();
        rooms
    }
    words
        .on_disconnecting(|socket: Socket, reason: DisconnectReason| -> Nothing {
            let watchers = socket.namespace().to("watchers");
            watchers.emit("leaving", (socket.id(), (rooms(&socket), reason.to_string())))?;
            // Once more is no more.
            socket.disconnect();
            Ok(())
        })
        .on_disconnect(|socket: Socket, reason: DisconnectReason| -> Nothing {
            let watchers = socket.namespace().to("watchers");
            watchers.emit("left", (socket.id(), (rooms(&socket), reason.to_string())))?;
            Ok(())
        })
        .on("disconnect me", |socket: Socket| socket.disconnect())
        .on("expire in", |socket: Socket, Data(millis): Data<u64>| {
            socket.expires_at(SystemTime::now() + Duration::from_millis(millis));
        })
        .on("never expire", |socket: Socket| socket.expires_at(None))
        .on("is connected", |socket: Socket| socket.is_connected());
}

fn add_sessions(io: &Server, words: &Namespace) {
    let beside = io.of("/words/beside");
    for namespace in [words, &beside] {
        namespace
            .on("fence", || ())
            .on("save", |socket: Socket, Data(text): Data<String>| socket.save_session(text))
            .on("saved", |socket: Socket| socket.session::<String>().map(|text| text.to_string()))
            .on("save shared", |socket: Socket, Data(text): Data<String>| {
                socket.connection().save_session(text);
            })
            .on("shared", |shared: Option<SharedSession<String>>| shared.map(|shared| shared.to_string()))
            .on("edit shared", |socket: Socket| {
                socket.connection().edit_session(|text: &mut String| text.push('!'));
            })
            .on("saved in", |socket: Socket, Data(namespace): Data<String>| {
                let there = socket.connection().socket(&namespace)?;
                there.session::<String>().map(|text| text.to_string())
            })
            .on("scope", |socket: Socket| {
                later! {
                    let mut list = socket.session_scope::<Vec<u32>>();
                    list.push(1);
                    wait!(sleep(Duration::from_millis(1)));
                    list.push(2);
                    socket.session::<Vec<u32>>().map(|list| list.len())
                }
            })
            .on("scoped", |socket: Socket| socket.session::<Vec<u32>>().map(|list| list.to_vec()));
    }
    let by_sid = words.clone();
    words.on("saved by", move |Data(sid): Data<String>| {
        by_sid.socket(&sid)?.session::<String>().map(|text| text.to_string())
    });
}

#[allow(clippy::while_let_on_iterator, reason = "for the async server it is none")]
fn add_questions(words: &Namespace) {
    words.on("call back", |socket: Socket, Args((number, millis)): Args<(u64, u64)>| -> Nothing {
        let told = socket.clone();
        let answered = move |answer: Result<u64, AckError>| {
            let _ = told.emit(
                "called back",
                answer.map_err(|error| error.to_string()).map_or_else(Value::from, Value::from),
            );
        };
        Ok(call_back(&socket, "question", number, Duration::from_millis(millis), answered)?)
    });
    let asked = words.clone();
    words.on("ask room", move |Data(room): Data<String>| {
        let asked = asked.to(room).timeout(SHORTLY);
        later! {
            let all = wait!(asked.emit_with_ack::<u64>("question", 20))?;
            let mut answers: Vec<u64> = all.answers.iter().map(|(_, answer)| *answer).collect();
            answers.sort();
            let unfit: Vec<_> = all.unfit.into_iter().map(|(sid, _)| sid).collect();
            Ok::<_, HandlerError>(json!({ "answers": answers, "unfit": unfit, "silent": all.silent }))
        }
    });
    let asked = words.clone();
    words.on("ask room as they come", move |socket: Socket, Data(room): Data<String>| {
        let asked = asked.to(room).timeout(SHORTLY);
        later! {
            let mut replies = asked.ask("question", 20)?;
            while let Some(reply) = wait!(replies.next()) {
                match reply {
                    Reply::Ack { sid, args } => {
                        socket.emit("one answered", (sid, args.as_ref()?.first::<Value>()?))?;
                    }
                    Reply::SilentSockets(sids) => socket.emit("were silent", json!(sids))?,
                    _ => {}
                }
            }
            Ok::<_, HandlerError>(())
        }
    });
    let asked = words.clone();
    words.on("call room back", move |socket: Socket, Data(room): Data<String>| -> Nothing {
        let answered = move |sid: Sid, answer: Result<u64, AckError>| {
            let _ = socket.emit("one called back", (sid, answer.ok()));
        };
        Ok(call_all_back(asked.to(room), "question", 20, SHORTLY, answered)?)
    });
    words.on("ask too often", |socket: Socket, Data(count): Data<usize>| {
        let ask = |_: &usize| call_back(&socket, "silence", (), PATIENTLY, |_: Result<Value, AckError>| ());
        (0..count).filter(|number| matches!(ask(number), Err(AckError::TooMany { .. }))).count()
    });
}

/// Words about everybody, in a namespace that nobody else is in.
fn add_crowd(crowd: &Namespace) {
    let all = crowd.clone();
    crowd.on("fence", || ()).on("count", move || all.count());
    let all = crowd.clone();
    crowd.on("all join", move |Data(room): Data<String>| -> Nothing {
        all.sockets_join(room)?;
        Ok(())
    });
    let all = crowd.clone();
    crowd.on("all leave", move |Data(room): Data<String>| -> Nothing {
        all.sockets_leave(room)?;
        Ok(())
    });
    let all = crowd.clone();
    crowd.on("move", move |Args((from, to)): Args<(String, String)>| -> Nothing {
        all.to(&*from).join(&*to)?;
        all.to(&*from).leave(&*from)?;
        Ok(())
    });
    let all = crowd.clone();
    crowd.on("rooms", move || {
        let all = all.clone();
        later! {
            let rooms = wait!(all.rooms())?;
            let mut rooms: Vec<_> =
                rooms.items.into_iter().map(|(room, count)| (room.to_string(), count)).collect();
            rooms.sort();
            Ok::<_, HandlerError>(json!(rooms))
        }
    });
    let all = crowd.clone();
    crowd.on("fetch", move || {
        let all = all.clone();
        later! {
            let sockets = wait!(all.fetch_sockets())?;
            let mut sids: Vec<_> = sockets.items.iter().map(|socket| socket.id().to_string()).collect();
            sids.sort();
            Ok::<_, HandlerError>(json!(sids))
        }
    });
    let all = crowd.clone();
    crowd.on("disconnect room", move |Data(room): Data<String>| -> Nothing {
        all.to(room).disconnect()?;
        Ok(())
    });
    let all = crowd.clone();
    crowd.on("disconnect all", move |Data(close): Data<bool>| -> Nothing {
        all.disconnect_sockets(close)?;
        Ok(())
    });
}
