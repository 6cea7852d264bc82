//! The official clients of both languages, on both kinds of node: `foreign/js/both_nodes.mjs` and `foreign/python/both_nodes.py`.
//!
//! Each node does for its clients what a server of its kind can; `foreign/python/serving.py` has the same for python's.

use bytes::Bytes;
use integration_tests::cluster::PATIENCE;
use integration_tests::foreign;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio_core::adapter::broker::Broker;
use socketio_core::{Args, Data, HandlerError, RawArgs, Server};

use crate::both::Both;

pub(crate) async fn clients_in_javascript_see_one_server<B: Broker>(both: Both<B>) {
    let theirs = both.python_port.to_string();
    foreign::node("both_nodes", both.ours.running.port, &[&theirs]).await.assert_holds();
}

pub(crate) async fn clients_in_python_see_one_server<B: Broker>(both: Both<B>) {
    let theirs = both.python_port.to_string();
    foreign::python("both_nodes", both.ours.running.port, &[&theirs]).await.assert_holds();
}

/// Whom a client wants to be heard by: everybody or these rooms, without these clients.
#[derive(Deserialize)]
struct Audience {
    to: Option<Vec<String>>,
    skip: Vec<String>,
}

#[derive(Serialize)]
struct Gallery {
    picture: [Bytes; 1],
}

type Done = Result<(), HandlerError>;

/// What clients may ask of our node.
pub(crate) fn serve(io: &Server) {
    let each = || io.of("/");
    let (put, take, close, say, show, end, ask, kick) =
        (each(), each(), each(), each(), each(), each(), each(), each());
    io.on("put", move |Args((sid, room)): Args<(String, String)>| -> Done {
        put.to(sid).join(room)?;
        Ok(())
    })
    .on("take", move |Args((sid, room)): Args<(String, String)>| -> Done {
        take.to(sid).leave(room)?;
        Ok(())
    })
    .on("close", move |Data(room): Data<String>| -> Done {
        close.close_room(room)?;
        Ok(())
    })
    .on("say", move |Args((audience, text)): Args<(Audience, String)>| -> Done {
        let others = say.except(audience.skip);
        let others = match audience.to {
            Some(rooms) => others.to(rooms),
            None => others,
        };
        others.emit("heard", (text, (1, json!({"two": null}))))?;
        Ok(())
    })
    .on("show", move |Data(picture): Data<Bytes>| -> Done {
        show.emit("heard", (picture.clone(), Gallery { picture: [picture] }))?;
        Ok(())
    })
    .on("end", move || -> Done {
        end.emit("end", ())?;
        Ok(())
    })
    .on("ask", move |Args((sid, question)): Args<(String, Value)>| {
        let namespace = ask.clone();
        async move { Ok::<_, HandlerError>(namespace.call::<RawArgs>(sid, "question", question, PATIENCE).await?) }
    })
    .on("kick", move |Data(sid): Data<String>| -> Done {
        kick.to(sid).disconnect()?;
        Ok(())
    });
}
