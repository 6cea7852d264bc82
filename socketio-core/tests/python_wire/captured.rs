//! The fixtures, and how a message is held against all of them that have one name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use socketio_core::adapter::wire::python::{self, MAX_FRAME};
use socketio_core::adapter::wire::{HostId, Message};

/// The id of the host that was captured.
pub(crate) const HOST: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// How `data` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// 5.14.0 to 5.15.0: what was given to `emit`.
    Bare,
    /// 5.15.1 and later: a list of arguments.
    Listed,
}

/// One message of one file.
pub(crate) struct Capture {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) form: Form,
    /// `None` if that release could not send it.
    pub(crate) frame: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    python_socketio: String,
    messages: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    text: Option<String>,
    hex: Option<String>,
}

/// All messages of the files of `kind`: their names without `.json`.
pub(crate) fn files(kind: impl Fn(&str) -> bool) -> Vec<Capture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python");
    let mut captures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|extension| extension != "json") || !kind(&file) {
            continue;
        }
        let content: File = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let form = match content.python_socketio.as_str() {
            "5.14.1" | "5.15.0" => Form::Bare,
            _ => Form::Listed,
        };
        captures.extend(content.messages.into_iter().map(|line| Capture {
            file: file.clone(),
            name: line.name,
            form,
            frame: line.text.map(String::into_bytes).or(line.hex.map(|hex| unhex(&hex))),
        }));
    }
    assert!(!captures.is_empty());
    captures
}

/// The files whose messages are read: JSON, on Redis, AMQP and Kafka.
pub(crate) fn is_read(file: &str) -> bool {
    let release = file.rsplit('-').next().unwrap();
    ["5.14.1", "5.15.0", "5.18.1"].contains(&release) && !file.starts_with("kombu-redis")
}

/// Holds every capture called `name` against what it should say; today's form is also written, to the same bytes.
#[track_caller]
pub(crate) fn says(name: &str, expected: impl Fn(Form) -> Message) {
    let host = HostId::from(HOST);
    let (mut forms, mut managers) = (Vec::new(), BTreeSet::new());
    for capture in files(is_read).into_iter().filter(|capture| capture.name == name) {
        let Some(frame) = capture.frame else { continue };
        let expected = expected(capture.form);
        let incoming = python::open(&frame, MAX_FRAME).unwrap();
        let sender = (!matches!(expected, Message::Callback(_))).then_some(HOST);
        assert_eq!((incoming.host(), incoming.seq()), (sender, None), "{}", capture.file);
        assert_eq!(incoming.decode().unwrap(), expected, "{}", capture.file);

        let ours = python::encode(&expected, &host, 7);
        assert_eq!(python::decode(&ours, MAX_FRAME).unwrap(), expected, "{}", capture.file);
        if capture.form == Form::Listed {
            let theirs = String::from_utf8(frame).unwrap();
            assert_eq!(String::from_utf8(ours).unwrap(), numbered(&theirs, &expected), "{}", capture.file);
            managers.insert(capture.file);
        }
        forms.push(capture.form);
    }
    assert!(forms.contains(&Form::Listed) && !managers.is_empty(), "no capture called {name}");
}

/// What we write where python-socketio wrote `theirs`.
fn numbered(theirs: &str, message: &Message) -> String {
    let seq = if message.is_numbered() { 7 } else { 0 };
    // No argument and a single None are both no argument.
    let theirs = theirs.replace(r#""data": [null], "#, r#""data": [], "#);
    format!(r#"{}, "seq": {seq}}}"#, theirs.strip_suffix('}').unwrap())
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    bytes.collect()
}

#[test]
fn every_captured_message_has_a_test() {
    let read = [super::emits::READ, super::commands::READ, super::refusals::READ].concat();
    let all: BTreeSet<String> = files(is_read).into_iter().map(|capture| capture.name).collect();
    let unread: Vec<_> = all.iter().filter(|name| !read.contains(&name.as_str())).collect();
    assert!(unread.is_empty(), "{unread:?}");
}

/// A test for each capture, and the list of them.
macro_rules! captured {
    ($($capture:ident: $fact:ident => $expected:expr;)+) => {
        $(#[test]
        fn $fact() {
            crate::captured::says(stringify!($capture), $expected);
        })+
        pub(crate) const READ: &[&str] = &[$(stringify!($capture)),+];
    };
}
pub(crate) use captured;
