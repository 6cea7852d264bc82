//! What holds in both directions.

use integration_tests::cluster::PATIENCE;
use serde_json::{Value, json};
use socketio_core::adapter::broker::Broker;

use crate::both::{Both, answers};

pub(crate) async fn an_emit_reaches_everybody_on_both_nodes<B: Broker>(mut both: Both<B>) {
    both.io().emit("news", ("ours", 1)).unwrap();
    both.both_got(&[r#"42["news","ours",1]"#]).await;
    both.python_emits("news", json!({"$tuple": ["python's", 2]}), json!({})).await;
    both.both_got(&[r#"42["news","python's",2]"#]).await;
    both.we_end().await;
    both.python_ends().await;
}

pub(crate) async fn an_emit_to_rooms_reaches_their_sockets_on_both_nodes<B: Broker>(mut both: Both<B>) {
    both.here.join("a").await;
    both.here.join("b").await;
    both.python_does("enter_room", json!([both.there.sid, "b"])).await;
    both.python_does("enter_room", json!([both.there.sid, "c"])).await;

    both.io().to("a").emit("a", ()).unwrap();
    both.io().to(["b", "c"]).emit("b or c", ()).unwrap();
    both.io().to("c").emit("c", ()).unwrap();
    both.io().to(Vec::<String>::new()).emit("nobody", ()).unwrap();
    both.here.got(&[r#"42["a"]"#, r#"42["b or c"]"#]).await;
    both.there.got(&[r#"42["b or c"]"#, r#"42["c"]"#]).await;
    both.we_end().await;

    both.python_emits("a", Value::Null, json!({"to": "a"})).await;
    both.python_emits("b or c", Value::Null, json!({"room": ["b", "c"]})).await;
    both.python_emits("c", Value::Null, json!({"to": "c"})).await;
    both.here.got(&[r#"42["a"]"#, r#"42["b or c"]"#]).await;
    both.there.got(&[r#"42["b or c"]"#, r#"42["c"]"#]).await;
    both.python_ends().await;
}

pub(crate) async fn an_emit_to_a_sid_reaches_one_client_wherever_it_is<B: Broker>(mut both: Both<B>) {
    both.io().to(both.there.sid.as_str()).emit("there", ()).unwrap();
    both.io().to(both.here.sid.as_str()).emit("here", ()).unwrap();
    both.there.got(&[r#"42["there"]"#]).await;
    both.here.got(&[r#"42["here"]"#]).await;
    both.we_end().await;

    both.python_emits("there", Value::Null, json!({"to": both.there.sid})).await;
    both.python_emits("here", Value::Null, json!({"to": both.here.sid})).await;
    both.there.got(&[r#"42["there"]"#]).await;
    both.here.got(&[r#"42["here"]"#]).await;
    both.python_ends().await;
}

pub(crate) async fn a_sid_that_is_skipped_hears_nothing<B: Broker>(mut both: Both<B>) {
    both.io().except(both.there.sid.as_str()).emit("not there", ()).unwrap();
    both.io().except([both.there.sid.as_str(), both.here.sid.as_str()]).emit("nobody", ()).unwrap();
    both.here.got(&[r#"42["not there"]"#]).await;
    both.we_end().await;

    both.python_emits("not here", Value::Null, json!({"skip_sid": both.here.sid})).await;
    both.python_emits("nobody", Value::Null, json!({"skip_sid": [both.here.sid, both.there.sid]})).await;
    both.there.got(&[r#"42["not here"]"#]).await;
    both.python_ends().await;
}

pub(crate) async fn bytes_arrive_as_bytes<B: Broker>(mut both: Both<B>) {
    let image = [r#"451-["image","png",{"_placeholder":true,"num":0}]"#, "bAAEC/w=="];
    both.io().emit("image", ("png", bytes::Bytes::from_static(&[0, 1, 2, 255]))).unwrap();
    both.both_got(&image).await;
    both.python_emits("image", json!({"$tuple": ["png", {"$bytes": "AAEC/w=="}]}), json!({})).await;
    both.both_got(&image).await;

    // Deep inside, several, and an empty one.
    let files = json!({"files": [{"$bytes": "eg=="}, {"$bytes": ""}]});
    both.python_emits("files", files, json!({})).await;
    let head = r#"452-["files",{"files":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]}]"#;
    both.both_got(&[head, "beg==", "b"]).await;

    // What only looks like bytes stays what it is.
    let alike = json!({"_placeholder": true, "num": 0});
    both.io().emit("alike", &alike).unwrap();
    both.both_got(&[r#"42["alike",{"_placeholder":true,"num":0}]"#]).await;
    both.python_emits("alike", alike, json!({})).await;
    both.both_got(&[r#"42["alike",{"_placeholder":true,"num":0}]"#]).await;
}

pub(crate) async fn arguments_arrive_as_they_were_given<B: Broker>(mut both: Both<B>) {
    let huge: Value = serde_json::from_str("18446744073709551615").unwrap();
    both.io().emit("several", ("x", [1, 2], &huge)).unwrap();
    both.io().emit("list", ([1, 2],)).unwrap();
    both.io().emit("none", ()).unwrap();
    both.io().emit("nulls", ((), ())).unwrap();
    let expected = [
        r#"42["several","x",[1,2],18446744073709551615]"#,
        r#"42["list",[1,2]]"#,
        r#"42["none"]"#,
        r#"42["nulls",null,null]"#,
    ];
    both.both_got(&expected).await;

    both.python_emits("several", json!({"$tuple": ["x", [1, 2], huge]}), json!({})).await;
    both.python_emits("list", json!([1, 2]), json!({})).await;
    both.python_emits("none", json!({"$tuple": []}), json!({})).await;
    both.python_emits("nulls", json!({"$tuple": [null, null]}), json!({})).await;
    both.both_got(&expected).await;
}

pub(crate) async fn a_client_of_the_other_node_answers_a_call<B: Broker>(mut both: Both<B>) {
    for number in 0..3 {
        let (io, sid) = (both.io().of("/"), both.there.sid.clone());
        let call = io.call::<(String, u32)>(sid, "who", number, PATIENCE);
        let question = format!(r#"["who",{number}]"#);
        let answer = format!(r#"43["there",{number}]"#);
        let packets = [answer.as_str()];
        let (answer, ()) = tokio::join!(call, answers(&mut both.there, &question, &packets));
        assert_eq!(answer.unwrap(), ("there".to_owned(), number));

        let (args, options) = (json!(["who", number]), json!({"to": both.here.sid, "timeout": 20}));
        let call = both.python.does("call", args, options);
        let (answer, ()) = tokio::join!(call, answers(&mut both.here, &question, &[r#"43["here",{"a":1}]"#]));
        assert_eq!(answer, json!(["here", {"a": 1}]));
    }
    // Nobody of that name.
    let silent = both.python.tries("call", json!(["who"]), json!({"to": "nobody", "timeout": 0.1})).await;
    assert_eq!(silent.unwrap_err(), "TimeoutError()");
}

pub(crate) async fn a_sid_on_the_other_node_is_disconnected<B: Broker>(mut both: Both<B>) {
    both.io().to(both.there.sid.as_str()).disconnect().unwrap();
    both.there.got(&["41"]).await;
    both.python_does("disconnect", json!([both.here.sid])).await;
    both.here.got(&["41"]).await;
    // From that namespace alone: the connections go on.
    both.here.sid = both.here.client.connect("/").await;
    both.there.sid = both.there.client.connect("/").await;
    both.we_end().await;
    both.python_ends().await;
}

pub(crate) async fn a_sid_on_the_other_node_enters_and_leaves_rooms<B: Broker>(mut both: Both<B>) {
    both.io().to(both.there.sid.as_str()).join(["a", "b"]).unwrap();
    both.io().to("a").emit("a", ()).unwrap();
    both.there.got(&[r#"42["a"]"#]).await;
    both.python_emits("b", Value::Null, json!({"to": "b"})).await;
    both.there.got(&[r#"42["b"]"#]).await;
    both.io().to(both.there.sid.as_str()).leave("a").unwrap();
    both.io().to("a").emit("nobody", ()).unwrap();
    both.we_end().await;

    both.python_does("enter_room", json!([both.here.sid, "c"])).await;
    both.python_emits("c", Value::Null, json!({"to": "c"})).await;
    both.here.got(&[r#"42["c"]"#]).await;
    both.io().to("c").emit("c", ()).unwrap();
    both.here.got(&[r#"42["c"]"#]).await;
    both.python_does("leave_room", json!([both.here.sid, "c"])).await;
    both.python_emits("nobody", Value::Null, json!({"to": "c"})).await;
    both.python_ends().await;
}

pub(crate) async fn a_room_is_closed_on_both_nodes<B: Broker>(mut both: Both<B>) {
    for room in ["a", "b"] {
        both.here.join(room).await;
        both.python_does("enter_room", json!([both.there.sid, room])).await;
    }
    both.io().close_room("a").unwrap();
    both.io().to("a").emit("nobody", ()).unwrap();
    both.io().to("b").emit("b", ()).unwrap();
    both.both_got(&[r#"42["b"]"#]).await;
    both.we_end().await;

    both.python_does("close_room", json!(["b"])).await;
    both.python_emits("nobody", Value::Null, json!({"to": ["a", "b"]})).await;
    both.python_ends().await;
}

pub(crate) async fn a_number_as_a_room_of_python_is_our_room_of_that_text<B: Broker>(mut both: Both<B>) {
    both.here.join("42").await;
    both.python_does("enter_room", json!([both.there.sid, 42])).await;
    both.python_emits("number", Value::Null, json!({"to": 42})).await;
    both.both_got(&[r#"42["number"]"#]).await;
    both.python_emits("text", Value::Null, json!({"to": "42"})).await;
    both.here.got(&[r#"42["text"]"#]).await;
    both.python_does("leave_room", json!([both.here.sid, 42])).await;
    both.python_emits("number", Value::Null, json!({"to": 42})).await;
    both.there.got(&[r#"42["number"]"#]).await;
    both.python_ends().await;
}
