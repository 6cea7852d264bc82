//! What python's nodes cannot do (the table in `docs/wire.md`): asked for it, they come to no harm.

use std::time::Duration;

use integration_tests::cluster::PATIENCE;
use integration_tests::wait::{until, within};
use serde_json::{Value, json};
use socketio_core::adapter::broker::{Broker, Frame};
use socketio_core::server::AckError;

use crate::both::{Both, answers};

/// How long a node waits here for what never comes.
const IN_VAIN: Duration = Duration::from_secs(1);
/// A client's answer that is bytes.
const BYTES: [&str; 2] = [r#"461-[{"_placeholder":true,"num":0}]"#, "bAAEC/w=="];

pub(crate) async fn python_nodes_deliver_in_spite_of_an_exception_that_is_a_room<B: Broker>(
    mut both: Both<B>,
) {
    both.here.join("a").await;
    both.python_does("enter_room", json!([both.there.sid, "a"])).await;
    both.io().except("a").emit("not a", ()).unwrap();
    both.there.got(&[r#"42["not a"]"#]).await;
    both.we_end().await;
}

pub(crate) async fn python_nodes_take_a_single_null_for_no_argument<B: Broker>(mut both: Both<B>) {
    both.io().emit("null", ((),)).unwrap();
    both.here.got(&[r#"42["null",null]"#]).await;
    both.there.got(&[r#"42["null"]"#]).await;
    both.we_end().await;
}

pub(crate) async fn python_nodes_leave_their_clients_as_they_are_when_rooms_join_leave_or_end<B: Broker>(
    mut both: Both<B>,
) {
    both.here.join("a").await;
    both.python_does("enter_room", json!([both.there.sid, "a"])).await;
    both.io().to("a").join("b").unwrap();
    both.io().to("b").emit("b", ()).unwrap();
    both.here.got(&[r#"42["b"]"#]).await;
    both.we_end().await;
    both.io().to("a").leave("a").unwrap();
    both.io().to("a").emit("a", ()).unwrap();
    both.there.got(&[r#"42["a"]"#]).await;
    both.we_end().await;
    both.io().to("b").disconnect().unwrap();
    both.here.got(&["41"]).await;
    both.io().to(both.there.sid.as_str()).close().unwrap();
    both.io().emit("end", ()).unwrap();
    both.there.got(&[r#"42["end"]"#]).await;
}

pub(crate) async fn python_nodes_are_not_asked_who_is_there<B: Broker>(mut both: Both<B>) {
    let namespace = both.io().of("/");
    let fetched = within("who is here", namespace.timeout(PATIENCE).fetch_sockets()).await.unwrap();
    let sids: Vec<_> = fetched.items.iter().map(|socket| socket.id().to_string()).collect();
    assert_eq!((sids, fetched.silent.len()), (vec![both.here.sid.clone()], 0));
    let counts = within("the counts", namespace.timeout(PATIENCE).except("x").count()).await.unwrap();
    assert_eq!((counts.items, counts.silent.len()), (vec![1], 0));
    assert!(namespace.rooms().await.unwrap().silent.is_empty());
    both.we_end().await;
    both.python_ends().await;
}

pub(crate) async fn python_nodes_deliver_a_broadcast_with_acks_and_are_not_waited_for<B: Broker>(
    mut both: Both<B>,
) {
    let asking = both.io().of("/").timeout(PATIENCE);
    let asking = tokio::spawn(async move { asking.emit_with_ack::<u32>("how many", ()).await });
    both.there.got(&[r#"42["how many"]"#]).await;
    answers(&mut both.here, r#"["how many"]"#, &["43[3]"]).await;
    let given = within("the answers", asking).await.unwrap().unwrap();
    let given: Vec<_> = given.answers.iter().map(|(sid, number)| (sid.to_string(), *number)).collect();
    assert_eq!(given, [(both.here.sid.clone(), 3)]);
    both.we_end().await;
}

pub(crate) async fn an_answer_with_bytes_never_comes_from_python_nodes<B: Broker>(mut both: Both<B>) {
    let (io, sid) = (both.io().of("/"), both.there.sid.clone());
    let call = io.call::<Value>(sid.clone(), "who", (), IN_VAIN);
    let (answer, ()) = tokio::join!(call, answers(&mut both.there, r#"["who"]"#, &BYTES));
    assert!(matches!(answer, Err(AckError::Timeout(_))), "{answer:?}");
    // Over Redis it costs python's node its link, too, which comes back by itself.
    both.python_hears().await;
    let call = io.call::<u32>(sid, "who", (), PATIENCE);
    let (answer, ()) = tokio::join!(call, answers(&mut both.there, r#"["who"]"#, &["43[7]"]));
    assert_eq!(answer.unwrap(), 7);
}

pub(crate) async fn an_answer_with_bytes_is_not_sent_to_python_nodes<B: Broker>(mut both: Both<B>) {
    let options = json!({"to": both.here.sid, "timeout": IN_VAIN.as_secs_f64()});
    let call = both.python.tries("call", json!(["who"]), options);
    let (answer, ()) = tokio::join!(call, answers(&mut both.here, r#"["who"]"#, &BYTES));
    assert_eq!(answer.unwrap_err(), "TimeoutError()");
    until("it to be withheld", || match both.ours.adapter.health().answers_withheld {
        1 => Ok(()),
        other => Err(other),
    })
    .await;

    let options = json!({"to": both.here.sid, "timeout": PATIENCE.as_secs()});
    let call = both.python.does("call", json!(["who"]), options);
    let (answer, ()) = tokio::join!(call, answers(&mut both.here, r#"["who"]"#, &["43[7]"]));
    assert_eq!(answer, 7);
    both.we_end().await;
    both.python_ends().await;
}

pub(crate) async fn python_servers_do_not_hear_events_for_servers<B: Broker>(mut both: Both<B>) {
    let namespace = both.io().of("/");
    namespace.server_side_emit("sum", (1, 2)).unwrap();
    let sums = within("the answers", namespace.server_side_emit_with_ack::<i64>("sum", (1, 2), PATIENCE));
    let sums = sums.await.unwrap();
    assert!(sums.answers.is_empty() && sums.silent.is_empty());
    both.we_end().await;
    both.python_ends().await;
}

pub(crate) async fn a_frame_that_comes_again_is_heard_again_on_python_nodes_alone<B: Broker>(
    mut both: Both<B>,
) {
    let options = B::for_channel(both.url.parse().unwrap(), &both.channel);
    let stranger = B::connect(&options, "stranger").await.unwrap();
    let payload = concat!(
        r#"{"method": "emit", "event": "twice", "data": [], "binary": false, "namespace": "/", "room": null, "#,
        r#""skip_sid": null, "callback": null, "host_id": "0d5f6c3ab1e94d27a8c1b7e5f0a2d394", "seq": 1}"#,
    );
    let frame = Frame { channel: both.channel.as_str().into(), payload: payload.into() };
    stranger.publish(&[frame.clone(), frame]).await.unwrap();
    both.here.got(&[r#"42["twice"]"#]).await;
    both.there.got(&[r#"42["twice"]"#, r#"42["twice"]"#]).await;
    both.we_end().await;
}
