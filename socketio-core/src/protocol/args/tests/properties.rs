use std::{collections::BTreeMap, fmt};

use proptest::{collection, prelude::*};
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, Visitor},
};
use serde_json::Value;

use super::*;

/// JSON and bytes, as JavaScript knows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Any {
    Null(()),
    Bool(bool),
    Int(i64),
    Float(f64),
    #[serde(serialize_with = "serde_bytes::serialize", deserialize_with = "only_bytes")]
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Any>),
    Object(BTreeMap<String, Any>),
}

/// Neither a list of numbers nor a text.
fn only_bytes<'de, D: Deserializer<'de>>(bytes: D) -> Result<Vec<u8>, D::Error> {
    struct Only;
    impl Visitor<'_> for Only {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
    bytes.deserialize_bytes(Only)
}

impl Any {
    fn has_bytes(&self) -> bool {
        match self {
            Any::Bytes(_) => true,
            Any::List(list) => list.iter().any(Any::has_bytes),
            Any::Object(members) => members.values().any(Any::has_bytes),
            _ => false,
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,8}", "[\"\\\\/\u{0}-\u{20}{}\\[\\],:]{0,8}", any::<String>()]
}

fn values() -> impl Strategy<Value = Any> {
    let leaf = prop_oneof![
        Just(Any::Null(())),
        any::<bool>().prop_map(Any::Bool),
        any::<i64>().prop_map(Any::Int),
        any::<i32>().prop_map(|number| Any::Float(f64::from(number) / 8.0)),
        text().prop_map(Any::Text),
        collection::vec(any::<u8>(), 0..8).prop_map(Any::Bytes),
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Any::List),
            collection::btree_map(text(), inner, 0..4).prop_map(Any::Object),
        ]
    })
}

/// Each an argument.
struct Several<'a>(&'a [Any]);

impl IntoArgs for Several<'_> {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        self.0.iter().try_for_each(|value| writer.push(value))
    }
}

proptest! {
    #[test]
    fn what_is_emitted_is_what_arrives(name in text(), values in collection::vec(values(), 0..6)) {
        let mut out = Vec::new();
        let mut writer = ArgsWriter::event(&mut out, &name);
        Several(&values).write_args(&mut writer).unwrap();
        let attachments = writer.finish();
        let json = String::from_utf8(out).unwrap();

        let event = Event::parse(&json, &attachments).unwrap();
        prop_assert_eq!(&*event.name, &*name);
        prop_assert_eq!(event.args.len(), values.len());
        prop_assert_eq!(attachments.is_empty(), !values.iter().any(Any::has_bytes));
        prop_assert_eq!(&event.args.all::<Vec<Any>>().unwrap(), &values);
        if let Some(first) = values.first() {
            prop_assert_eq!(&event.args.first::<Any>().unwrap(), first);
        }
    }

    #[test]
    fn raw_arguments_arrive_as_they_came(values in collection::vec(values(), 0..6)) {
        let raw = RawArgs::encode(&Several(&values)).unwrap();
        let (json, attachments) = emitted(&raw);
        let event = Event::parse(&json, &attachments).unwrap();
        prop_assert_eq!(event.args.to_raw(), raw.clone());
        prop_assert_eq!(raw.as_ref().unwrap().all::<Vec<Any>>().unwrap(), values);
    }

    /// The reader for attachments and serde_json agree where there are none of them.
    #[test]
    fn beside_an_attachment_values_are_read_as_without(values in collection::vec(values(), 0..4)) {
        let values: Vec<Any> = values.into_iter().filter(|value| !value.has_bytes()).collect();
        let plain = RawArgs::encode(&Several(&values)).unwrap();
        let mut out = Vec::new();
        let mut writer = ArgsWriter::ack(&mut out);
        plain.write_args(&mut writer).unwrap();
        writer.push(&Bytes::from_static(b"x")).unwrap();
        let attachments = writer.finish();
        let json = String::from_utf8(out).unwrap();
        let beside = ArgsRef::parse(&json, &attachments).unwrap();
        let plain = plain.as_ref().unwrap();
        for index in 0..plain.len() {
            let one = ArgsRef::parse(&json, &attachments).unwrap().get(index).unwrap().to_owned();
            prop_assert_eq!(Some(&*one), plain.get(index));
        }
        if !plain.is_empty() {
            prop_assert_eq!(beside.first::<Value>().unwrap(), plain.first::<Value>().unwrap());
            prop_assert_eq!(beside.first::<Any>().unwrap(), plain.first::<Any>().unwrap());
        }
    }

    #[test]
    fn no_text_makes_it_panic(
        json in "\\[(\"e\",)?([\\[{\\]}\":,0-9 ]|\"_placeholder\":true|\"num\":[0-2]|null|\\\\u00)*\\]",
        attachments in 0..3_usize,
    ) {
        let attachments = vec![Bytes::from_static(b"x"); attachments];
        if let Ok(event) = Event::parse(&json, &attachments) {
            let _ = event.args.first::<Any>();
            let _ = event.args.all::<Vec<Any>>();
            prop_assert!(event.args.to_raw().as_ref().is_ok());
        }
    }
}
