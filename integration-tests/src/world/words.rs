//! What a server says and hears of its clients beside events: rooms, ends, what is sent, sessions in every form, questions to many.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use socketio_core::adapter::Reply;
use socketio_core::handler::SharedSession;
use socketio_core::server::{AckError, RoomEvent};
use socketio_core::{
    Args, Data, DisconnectReason, EventName, HandlerError, Namespace, RawArgs, Server, Sid, Socket,
};
use tokio::time::sleep;

const SHORTLY: Duration = Duration::from_millis(400);

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
            .on("scope", |socket: Socket| async move {
                let mut list = socket.session_scope::<Vec<u32>>();
                list.push(1);
                sleep(Duration::from_millis(1)).await;
                list.push(2);
                socket.session::<Vec<u32>>().map(|list| list.len())
            })
            .on("scoped", |socket: Socket| socket.session::<Vec<u32>>().map(|list| list.to_vec()));
    }
    let by_sid = words.clone();
    words.on("saved by", move |Data(sid): Data<String>| {
        by_sid.socket(&sid)?.session::<String>().map(|text| text.to_string())
    });
}

fn add_questions(words: &Namespace) {
    words.on("call back", |socket: Socket, Data(number): Data<u64>| -> Nothing {
        let told = socket.clone();
        let answered = move |answer: Result<u64, AckError>| {
            let _ = told.emit(
                "called back",
                answer.map_err(|error| error.to_string()).map_or_else(Value::from, Value::from),
            );
        };
        Ok(socket.timeout(SHORTLY).emit_with_callback("question", number, answered)?)
    });
    let asked = words.clone();
    words.on("ask room", move |Data(room): Data<String>| {
        let asked = asked.to(room).timeout(SHORTLY);
        async move {
            let all = asked.emit_with_ack::<u64>("question", 20).await?;
            let mut answers: Vec<u64> = all.answers.iter().map(|(_, answer)| *answer).collect();
            answers.sort();
            let unfit: Vec<_> = all.unfit.into_iter().map(|(sid, _)| sid).collect();
            Ok::<_, HandlerError>(json!({ "answers": answers, "unfit": unfit, "silent": all.silent }))
        }
    });
    let asked = words.clone();
    words.on("ask room as they come", move |socket: Socket, Data(room): Data<String>| {
        let asked = asked.to(room).timeout(SHORTLY);
        async move {
            let mut replies = asked.ask("question", 20)?;
            while let Some(reply) = replies.next().await {
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
        Ok(asked.to(room).timeout(SHORTLY).emit_with_callback("question", 20, answered)?)
    });
    words.on("ask too often", |socket: Socket, Data(count): Data<usize>| async move {
        let open: Vec<_> = (0..count).map(|_| socket.emit_with_ack::<Value>("silence", ())).collect();
        refused(open).await
    });
}

/// How many of these questions fail at once, for too many.
async fn refused(open: Vec<impl Future<Output = Result<Value, AckError>> + Send + 'static>) -> usize {
    let mut open: Vec<_> = open.into_iter().map(Box::pin).collect();
    poll_fn(|cx| {
        let polls = open.iter_mut().map(|question| question.as_mut().poll(cx));
        let refused = polls.filter(|poll| matches!(poll, Poll::Ready(Err(AckError::TooMany { .. })))).count();
        Poll::Ready(refused)
    })
    .await
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
        async move {
            let rooms = all.rooms().await?;
            let mut rooms: Vec<_> =
                rooms.items.into_iter().map(|(room, count)| (room.to_string(), count)).collect();
            rooms.sort();
            Ok::<_, HandlerError>(json!(rooms))
        }
    });
    let all = crowd.clone();
    crowd.on("fetch", move || {
        let all = all.clone();
        async move {
            let sockets = all.fetch_sockets().await?;
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
