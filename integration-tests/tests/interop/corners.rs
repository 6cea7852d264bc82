//! What JSON, python and Rust have different words for: each message by itself, and the ones behind it arrive.

use integration_tests::cluster::Member;
use integration_tests::wait::until;
use serde_json::{Value, json};
use socketio_core::RawArgs;
use socketio_core::adapter::broker::Broker;
use socketio_core::protocol::args::ArgsRef;

use crate::both::{Both, answers};

pub(crate) async fn not_a_number_is_null_from_us_and_is_skipped_from_python<B: Broker>(mut both: Both<B>) {
    both.io().emit("numbers", (f64::NAN, f64::NEG_INFINITY)).unwrap();
    both.both_got(&[r#"42["numbers",null,null]"#]).await;

    let refused = both.ours.adapter.health().frames_refused;
    for number in ["nan", "inf", "-inf"] {
        both.python_emits("number", json!({"deep": [{"$float": number}]}), json!({})).await;
    }
    // Which no browser reads: it is what python's own clients are sent.
    let theirs = ["NaN", "Infinity", "-Infinity"].map(|it| format!(r#"42["number",{{"deep":[{it}]}}]"#));
    exactly(&mut both.there, &theirs.each_ref().map(String::as_str)).await;
    both.python_ends().await;
    assert_eq!(both.ours.adapter.health().frames_refused, refused + 3);
    both.we_end().await;
}

pub(crate) async fn half_a_surrogate_pair_passes_as_an_argument_and_not_as_a_name<B: Broker>(
    mut both: Both<B>,
) {
    let half = raw(r#"["\ud83d"]"#);
    both.io().emit("half", &half).unwrap();
    exactly(&mut both.here, &[r#"42["half","\ud83d"]"#]).await;
    exactly(&mut both.there, &[r#"42["half","\ud83d"]"#]).await;
    both.python_emits("half", json!({"$json": r#""\ud83d""#}), json!({})).await;
    exactly(&mut both.here, &[r#"42["half","\ud83d"]"#]).await;
    exactly(&mut both.there, &[r#"42["half","\ud83d"]"#]).await;

    let refused = both.ours.adapter.health().frames_refused;
    let name = json!([{"$json": r#""\ud83d""#}, null]);
    both.python.does("emit", name, json!({})).await;
    exactly(&mut both.there, &[r#"42["\ud83d"]"#]).await;
    both.python_emits("room", Value::Null, json!({"to": {"$json": r#""\udc00""#}})).await;
    both.python_ends().await;
    assert_eq!(both.ours.adapter.health().frames_refused, refused + 2);
}

pub(crate) async fn integers_of_any_size_keep_their_digits<B: Broker>(mut both: Both<B>) {
    let digits = "9".repeat(100);
    for integer in ["9007199254740993", "-9223372036854775809", "1180591620717411303424", &digits] {
        let expected = format!(r#"42["huge",{integer}]"#);
        both.io().emit("huge", raw(&format!("[{integer}]"))).unwrap();
        exactly(&mut both.here, &[&expected]).await;
        exactly(&mut both.there, &[&expected]).await;
        both.python_emits("huge", json!({"$json": integer}), json!({})).await;
        exactly(&mut both.here, &[&expected]).await;
        exactly(&mut both.there, &[&expected]).await;
    }
    // An answer goes back the same way.
    let call = both.python.does("call", json!(["who"]), json!({"to": both.here.sid, "timeout": 20}));
    let answer = format!("43[{}]", u64::MAX);
    let packets = [answer.as_str()];
    let (answer, ()) = tokio::join!(call, answers(&mut both.here, r#"["who"]"#, &packets));
    assert_eq!(answer, u64::MAX);
}

pub(crate) async fn what_is_nested_deeper_than_python_reads_it_misses_and_nothing_else<B: Broker>(
    mut both: Both<B>,
) {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let (readable, too_deep) = (nested(400), nested(100_000));
    let expected = format!(r#"42["deep",{readable}]"#);
    both.io().emit("deep", raw(&format!("[{readable}]"))).unwrap();
    exactly(&mut both.here, &[&expected]).await;
    exactly(&mut both.there, &[&expected]).await;
    both.python_emits("deep", json!({"$json": readable}), json!({})).await;
    exactly(&mut both.here, &[&expected]).await;
    exactly(&mut both.there, &[&expected]).await;

    both.io().emit("deep", raw(&format!("[{too_deep}]"))).unwrap();
    exactly(&mut both.here, &[&format!(r#"42["deep",{too_deep}]"#)]).await;
    both.we_end().await;
    both.python_ends().await;
}

/// As between python's own nodes: everybody is asked, the first answer counts.
pub(crate) async fn of_a_room_that_python_asks_the_first_answer_is_taken<B: Broker>(mut both: Both<B>) {
    let mut beside = Member::connect(both.ours.running.port).await;
    both.here.join("a").await;
    beside.join("a").await;
    both.python_does("enter_room", json!([both.there.sid, "a"])).await;
    for first in ["here", "there"] {
        let call = both.python.does("call", json!(["who"]), json!({"to": "a", "timeout": 20}));
        let answering = async {
            match first {
                "here" => answers(&mut both.here, r#"["who"]"#, &[r#"43["here"]"#]).await,
                _ => answers(&mut both.there, r#"["who"]"#, &[r#"43["there"]"#]).await,
            }
        };
        let (answer, ()) = tokio::join!(call, answering);
        assert_eq!(answer, first);
        // Those of the others are nobody's.
        answers(&mut beside, r#"["who"]"#, &[r#"43["beside"]"#]).await;
        match first {
            "here" => answers(&mut both.there, r#"["who"]"#, &[r#"43["there"]"#]).await,
            _ => answers(&mut both.here, r#"["who"]"#, &[r#"43["here"]"#]).await,
        }
    }
    until("our node to have heard the answers of all", || {
        let pending = both.io().counters().pending_acks;
        if pending == 0 { Ok(()) } else { Err(pending) }
    })
    .await;
    both.we_end().await;
    both.python_ends().await;
}

/// The next packets are these, spaces included.
async fn exactly(member: &mut Member, expected: &[&str]) {
    member.got(expected).await;
}

fn raw(json: &str) -> RawArgs {
    ArgsRef::parse(json, &[]).expect("it is a list").to_raw()
}
