//! Arguments: they are refused and decoded as a plain, recursive reading of the same JSON says, and leave as they came.
//!
//! Input: how many attachments there are, then the payload of an ack.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};
use socketio_core::protocol::args::{ArgsRef, ArgsWriter, Event, IntoArgs};

pub fn run(data: &[u8]) {
    let Some((&count, json)) = data.split_first() else {
        return;
    };
    let Ok(json) = std::str::from_utf8(json) else {
        return;
    };
    let attachments: Vec<Bytes> = (0..count % 4).map(|num| Bytes::copy_from_slice(&[0xFF, num])).collect();

    let parsed = ArgsRef::parse(json, &attachments);
    let raw = serde_json::from_str::<Vec<&RawValue>>(json);
    assert!(parsed.is_err() || raw.is_ok(), "accepted what is no array");
    if let Ok(event) = Event::parse(json, &attachments) {
        assert_eq!(event.args.len() + 1, raw.as_ref().map_or(0, Vec::len));
    }
    let expected = serde_json::from_str::<Vec<Tree>>(json);
    if let Ok(trees) = &expected {
        assert_eq!(parsed.is_ok(), fits(trees, attachments.len()), "placeholders");
    }
    let Ok(args) = parsed else {
        return;
    };
    let raw = raw.expect("an array");
    assert_eq!(args.len(), raw.len());
    assert!(raw.iter().enumerate().all(|(index, raw)| args.get(index) == Some(raw.get())));

    decodes_as_expected(&args, expected.ok(), &attachments);
    leaves_as_it_came(&args);
    leaves_behind_other_bytes(&args);
    says_what_does_not_fit(&args);
}

fn decodes_as_expected(args: &ArgsRef<'_>, expected: Option<Vec<Tree>>, attachments: &[Bytes]) {
    let Some(mut expected) = expected else {
        let _ = args.all::<Vec<Tree>>();
        return;
    };
    if !attachments.is_empty() {
        expected.iter_mut().for_each(|tree| substitute(tree, attachments));
    }
    assert_eq!(args.all::<Vec<Tree>>().expect("within the limit of depth"), expected);
    if let Some(first) = expected.into_iter().next() {
        assert_eq!(args.first::<Tree>().expect("within the limit of depth"), first);
    }
}

fn leaves_as_it_came(args: &ArgsRef<'_>) {
    let raw = args.to_raw();
    let again = raw.as_ref().expect("checked before");
    assert_eq!((again.json(), again.len()), (args.json(), args.len()));
    let mut out = Vec::new();
    let mut writer = ArgsWriter::ack(&mut out);
    raw.write_args(&mut writer).expect("raw arguments are JSON");
    assert_eq!(writer.finish(), args.attachments());
    assert_eq!(out, format!("[{}]", args.json()).into_bytes());
}

fn leaves_behind_other_bytes(args: &ArgsRef<'_>) {
    let mut out = Vec::new();
    let mut writer = ArgsWriter::event(&mut out, "e");
    writer.push(&Bytes::from_static(b"\xFF")).expect("bytes can be attached");
    args.write_args(&mut writer).expect("raw arguments are JSON");
    let attachments = writer.finish();
    let json = String::from_utf8(out).expect("JSON is text");
    // Without attachments of their own they may hold what looks like a placeholder, and is one from now on.
    let Ok(event) = Event::parse(&json, &attachments) else {
        assert!(
            args.attachments().is_empty() && args.json().contains('\\')
                || args.json().contains("_placeholder")
        );
        return;
    };
    assert_eq!(event.args.len(), args.len() + 1);
    if let (Ok(one), Ok(two)) = (args.all::<Vec<Tree>>(), event.args.all::<Vec<Tree>>())
        && !(args.attachments().is_empty() && one.iter().any(has_placeholder))
    {
        assert_eq!(one, two[1..]);
    }
}

fn says_what_does_not_fit(args: &ArgsRef<'_>) {
    let errors = [
        args.first::<u8>().err(),
        args.first::<Value>().err(),
        args.first::<Bytes>().err(),
        args.first::<std::collections::HashMap<i8, Option<(String, Bytes)>>>().err(),
        args.all::<(Value, Vec<f32>)>().err(),
        args.all::<()>().err(),
        args.answer::<Vec<(bool, char)>>().err(),
        args.answer::<Result<Bytes, Option<()>>>().err(),
    ];
    for error in errors.into_iter().flatten() {
        assert!(error.to_string().len() < 1000);
    }
}

/// JSON with all its members, also those of one name.
#[derive(Debug, PartialEq)]
enum Tree {
    Null,
    Bool(bool),
    Natural(u64),
    Number(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// Whether it is a placeholder, and for which attachment.
fn placeholder(tree: &Tree) -> Option<Option<u64>> {
    let Tree::Object(members) = tree else {
        return None;
    };
    let last = |name| members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value);
    if last("_placeholder") != Some(&Tree::Bool(true)) {
        return None;
    }
    Some(match last("num") {
        Some(Tree::Natural(num)) => Some(*num),
        _ => None,
    })
}

fn children(tree: &Tree) -> Vec<&Tree> {
    match tree {
        Tree::List(list) => list.iter().collect(),
        Tree::Object(members) => members.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

fn has_placeholder(tree: &Tree) -> bool {
    placeholder(tree).is_some() || children(tree).into_iter().any(has_placeholder)
}

fn fits(trees: &[Tree], attachments: usize) -> bool {
    let mut used = vec![false; attachments];
    attachments == 0 || trees.iter().all(|tree| uses(tree, &mut used, true)) && used.iter().all(|used| *used)
}

fn uses(tree: &Tree, used: &mut [bool], outermost: bool) -> bool {
    let found = placeholder(tree);
    if let Some(num) = found {
        let Some(used) = num.and_then(|num| used.get_mut(usize::try_from(num).ok()?)) else {
            return false;
        };
        *used |= outermost;
    }
    children(tree).into_iter().all(|child| uses(child, used, outermost && found.is_none()))
}

fn substitute(tree: &mut Tree, attachments: &[Bytes]) {
    if let Some(num) = placeholder(tree) {
        let num = num.and_then(|num| usize::try_from(num).ok()).expect("checked before");
        *tree = Tree::Bytes(attachments[num].to_vec());
        return;
    }
    match tree {
        Tree::List(list) => list.iter_mut().for_each(|tree| substitute(tree, attachments)),
        Tree::Object(members) => members.iter_mut().for_each(|(_, tree)| substitute(tree, attachments)),
        _ => {}
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON or bytes")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Natural(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.into()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Tree, E> {
        Ok(Tree::Bytes(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Tree::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Object(members))
    }
}
