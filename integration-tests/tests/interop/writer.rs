//! Workers that have no server: python's write-only managers, and our emitter.

use bytes::Bytes;
use integration_tests::cluster::PATIENCE;
use integration_tests::python_party::PythonParty;
use serde_json::{Value, json};
use socketio_core::adapter::broker::Broker;
use socketio_emitter::Emitter;

use crate::both::Both;

const BYTES: [&str; 2] = [r#"451-["bytes",{"_placeholder":true,"num":0}]"#, "bAAEC/w=="];
const FILES: [&str; 3] =
    [r#"452-["files",[{"_placeholder":true,"num":0}],{"a":{"_placeholder":true,"num":1}}]"#, "beg==", "b"];

pub(crate) async fn a_worker_with_pythons_write_only_manager_reaches_clients_of_both<B: Broker>(
    mut both: Both<B>,
) {
    let mut worker = PythonParty::writer(both.style, &both.url, &both.channel).await;
    both.here.join("a").await;
    let (here, there) = (both.here.sid.clone(), both.there.sid.clone());
    for (event, data, options) in [
        ("all", json!({"$tuple": [1, "two"]}), json!({})),
        ("none", json!({"$tuple": []}), json!({})),
        ("a", Value::Null, json!({"room": "a"})),
        ("a or there", Value::Null, json!({"room": ["a", there]})),
        ("there", Value::Null, json!({"to": there})),
        ("not here", Value::Null, json!({"skip_sid": here})),
        ("nobody", Value::Null, json!({"skip_sid": [here, there]})),
        ("bytes", json!({"$bytes": "AAEC/w=="}), json!({})),
        ("files", json!({"$tuple": [[{"$bytes": "eg=="}], {"a": {"$bytes": ""}}]}), json!({})),
    ] {
        worker.does("emit", json!([event, data]), options).await;
    }
    let (all, none, some) = (r#"42["all",1,"two"]"#, r#"42["none"]"#, r#"42["a or there"]"#);
    both.here.got(&[all, none, r#"42["a"]"#, some]).await;
    both.there.got(&[all, none, some, r#"42["there"]"#, r#"42["not here"]"#]).await;
    both.both_got(&BYTES).await;
    both.both_got(&FILES).await;
    both.we_end().await;
}

pub(crate) async fn such_a_worker_moves_clients_of_both<B: Broker>(mut both: Both<B>) {
    let mut worker = PythonParty::writer(both.style, &both.url, &both.channel).await;
    for sid in [both.here.sid.clone(), both.there.sid.clone()] {
        worker.does("enter_room", json!([sid, "/", "a"]), json!({})).await;
        worker.does("enter_room", json!([sid, "/", "b"]), json!({})).await;
    }
    worker.does("emit", json!(["a", null]), json!({"room": "a"})).await;
    both.both_got(&[r#"42["a"]"#]).await;
    worker.does("leave_room", json!([both.here.sid, "/", "a"]), json!({})).await;
    worker.does("close_room", json!(["b", "/"]), json!({})).await;
    worker.does("emit", json!(["nobody", Value::Null]), json!({"room": "b"})).await;
    worker.does("emit", json!(["a", Value::Null]), json!({"room": "a"})).await;
    both.there.got(&[r#"42["a"]"#]).await;
    worker.does("emit", json!(["end", Value::Null]), json!({})).await;
    both.both_got(&[r#"42["end"]"#]).await;
    both.we_end().await;
}

/// What python's documentation does not say.
pub(crate) async fn such_a_worker_disconnects_nobody<B: Broker>(mut both: Both<B>) {
    let mut worker = PythonParty::writer(both.style, &both.url, &both.channel).await;
    let sids = [both.here.sid.clone(), both.there.sid.clone()];
    for sid in sids {
        let error = worker.tries("disconnect", json!([sid, "/"]), json!({})).await.unwrap_err();
        assert!(error.starts_with("AttributeError"), "{error}");
    }
    worker.does("emit", json!(["end", Value::Null]), json!({})).await;
    both.both_got(&[r#"42["end"]"#]).await;
}

pub(crate) async fn our_emitter_reaches_clients_of_both<B: Broker>(mut both: Both<B>) {
    let emitter = emitter(&both);
    both.here.join("a").await;
    let (here, there) = (both.here.sid.as_str(), both.there.sid.as_str());
    emitter.emit("all", (1, "two")).unwrap();
    emitter.emit("none", ()).unwrap();
    emitter.to("a").emit("a", ()).unwrap();
    emitter.to(["a", there]).emit("a or there", ()).unwrap();
    emitter.to(there).emit("there", ()).unwrap();
    emitter.except(here).emit("not here", ()).unwrap();
    emitter.except([here, there]).emit("nobody", ()).unwrap();
    emitter.to(Vec::<String>::new()).emit("nobody", ()).unwrap();
    emitter.emit("bytes", Bytes::from_static(&[0, 1, 2, 255])).unwrap();
    let file = |bytes: &'static [u8]| Bytes::from_static(bytes);
    let by_name = std::collections::BTreeMap::from([("a", file(b""))]);
    emitter.emit("files", ([file(b"z")], by_name)).unwrap();
    let (all, none, some) = (r#"42["all",1,"two"]"#, r#"42["none"]"#, r#"42["a or there"]"#);
    both.here.got(&[all, none, r#"42["a"]"#, some]).await;
    both.there.got(&[all, none, some, r#"42["there"]"#, r#"42["not here"]"#]).await;
    both.both_got(&BYTES).await;
    both.both_got(&FILES).await;
    both.we_end().await;
    assert_eq!(emitter.flush(PATIENCE).await.unwrap().dropped, 0);
}

pub(crate) async fn our_emitter_moves_clients_of_both_and_sends_them_away<B: Broker>(mut both: Both<B>) {
    let emitter = emitter(&both);
    for sid in [both.here.sid.clone(), both.there.sid.clone()] {
        emitter.to(sid.as_str()).join(["a", "b"]).unwrap();
    }
    emitter.to("a").emit("a", ()).unwrap();
    both.both_got(&[r#"42["a"]"#]).await;
    emitter.to(both.here.sid.as_str()).leave("a").unwrap();
    emitter.to(both.there.sid.as_str()).leave("b").unwrap();
    emitter.to("a").emit("a", ()).unwrap();
    emitter.to("b").emit("b", ()).unwrap();
    both.there.got(&[r#"42["a"]"#]).await;
    both.here.got(&[r#"42["b"]"#]).await;
    emitter.to(both.here.sid.as_str()).join("a").unwrap();
    emitter.close_room("a").unwrap();
    emitter.to("a").emit("nobody", ()).unwrap();
    emitter.emit("all", ()).unwrap();
    both.both_got(&[r#"42["all"]"#]).await;
    for sid in [both.here.sid.clone(), both.there.sid.clone()] {
        emitter.to(sid.as_str()).disconnect().unwrap();
    }
    both.both_got(&["41"]).await;
}

fn emitter<B: Broker>(both: &Both<B>) -> Emitter<B> {
    let options = both.url.parse().expect("the URL is one of this broker's");
    Emitter::<B>::with_options(options).channel(&both.channel)
}
