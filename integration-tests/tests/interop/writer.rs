//! Workers that have no server, only python's write-only manager.

use integration_tests::python_party::PythonParty;
use serde_json::{Value, json};
use socketio_core::adapter::broker::Broker;

use crate::both::Both;

pub(crate) async fn a_worker_with_pythons_write_only_manager_reaches_clients_of_both<B: Broker>(
    mut both: Both<B>,
) {
    let mut worker = PythonParty::writer(both.style, &both.url, &both.channel).await;
    both.here.join("a").await;
    worker.does("emit", json!(["all", {"$tuple": [1, "two"]}]), json!({})).await;
    worker.does("emit", json!(["a", null]), json!({"room": "a"})).await;
    worker.does("emit", json!(["there", null]), json!({"to": both.there.sid})).await;
    worker.does("emit", json!(["not here", null]), json!({"skip_sid": both.here.sid})).await;
    worker.does("emit", json!(["bytes", {"$bytes": "AAEC/w=="}]), json!({})).await;
    let bytes = [r#"451-["bytes",{"_placeholder":true,"num":0}]"#, "bAAEC/w=="];
    both.here.got(&[r#"42["all",1,"two"]"#, r#"42["a"]"#]).await;
    both.here.got(&bytes).await;
    both.there.got(&[r#"42["all",1,"two"]"#, r#"42["there"]"#, r#"42["not here"]"#]).await;
    both.there.got(&bytes).await;
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
