use socketio_core::adapter::wire::WireError;
use socketio_core::adapter::wire::python::{self, MAX_FRAME};

use crate::captured::{Capture, files, is_read};

/// Captures that say nothing, or were never sent.
pub(crate) const READ: &[&str] =
    &["emit_nan", "emit_date_fails", "callback_args_bytes", "writeonly_disconnect"];

#[test]
fn what_python_calls_nan_is_refused_by_name() {
    let captures = files(is_read).into_iter().filter(|capture| capture.name == "emit_nan");
    assert!(refuse_all(captures, |error| matches!(error, WireError::NotFinite)) >= 8);
}

#[test]
fn some_calls_send_nothing() {
    let never = ["emit_date_fails", "callback_args_bytes", "writeonly_disconnect"];
    let captures = files(is_read);
    let mut sent = captures.iter().filter(|capture| never.contains(&capture.name.as_str()));
    assert!(sent.all(|capture| capture.frame.is_none()));
}

#[test]
fn pickles_of_releases_up_to_5_13_are_refused_by_name() {
    let captures = files(|file| file.ends_with("-5.0.4") || file.ends_with("-5.13.0"));
    assert!(refuse_all(captures, |error| matches!(error, WireError::Pickle)) > 200);
    let text = WireError::Pickle.to_string();
    assert!(text.contains("pickle") && text.contains("5.13"), "{text}");
}

#[test]
fn pickles_of_every_protocol_and_hostile_ones_are_refused_unread() {
    let captures = files(|file| file == "pickles");
    assert_eq!(refuse_all(captures, |error| matches!(error, WireError::Pickle)), 19);
}

#[test]
fn envelopes_of_kombu_over_redis_are_refused_by_name() {
    let captures = files(|file| file.starts_with("kombu-redis"));
    assert!(refuse_all(captures, |error| matches!(error, WireError::KombuEnvelope)) > 50);
    let text = WireError::KombuEnvelope.to_string();
    assert!(text.contains("Kombu") && text.contains("RedisManager"), "{text}");
}

/// How many there are.
fn refuse_all(captures: impl IntoIterator<Item = Capture>, expected: impl Fn(&WireError) -> bool) -> usize {
    let sent = captures.into_iter().filter_map(|capture| Some((capture.name, capture.file, capture.frame?)));
    sent.map(|(name, file, frame)| {
        let error = python::decode(&frame, MAX_FRAME).expect_err(&name);
        assert!(expected(&error), "{name} of {file}: {error:?}");
    })
    .count()
}
