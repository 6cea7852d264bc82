use proptest::prelude::*;

use super::*;
use crate::protocol::args::Event;

/// JSON values, as deep as msgpack takes them; integers are within 64 bits.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_sent_is_read_again(
        values in prop::collection::vec(value(), 0..5),
        files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4),
        name in ".*",
        id in any::<Option<u64>>(),
    ) {
        let files: Vec<Bytes> = files.into_iter().map(Bytes::from).collect();
        let args = RawArgs::encode(&(values, &files)).unwrap();
        let mut out = Vec::new();
        encode_event(&mut out, "/n", id, &name, &args).unwrap();

        let packet = decode(&out, files.len()).unwrap();
        prop_assert_eq!((&*packet.namespace, packet.id), ("/n", id));
        prop_assert_eq!(&packet.attachments, &files);
        let event = Event::parse(&packet.data, &packet.attachments).unwrap();
        prop_assert_eq!(&*event.name, &name);
        prop_assert_eq!(event.args.json(), args.json());
    }

    #[test]
    fn any_bytes_are_read_or_refused(message in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&message, 3);
        let _ = decode(&event_with(&message), 3);
    }
}
