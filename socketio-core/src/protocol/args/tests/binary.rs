use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes as Slice};
use serde_json::{Value, value::RawValue};

use super::*;

pub(super) const A: Bytes = Bytes::from_static(b"aa");
pub(super) const B: Bytes = Bytes::from_static(b"b");

pub(super) fn args<'a>(json: &'a str, attachments: &'a [Bytes]) -> ArgsRef<'a> {
    ArgsRef::parse(json, attachments).unwrap()
}

mod leaving {
    use super::*;

    #[test]
    fn bytes_become_placeholders_in_the_order_of_their_places() {
        let (json, attachments) = emitted(&(A, 1, ByteBuf::from(vec![1]), Slice::new(b"z")));
        assert_eq!(
            json,
            r#"["e",{"_placeholder":true,"num":0},1,{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]"#
        );
        assert_eq!(attachments, [A, Bytes::from_static(&[1]), Bytes::from_static(b"z")]);
    }

    #[test]
    fn bytes_are_found_at_any_depth() {
        #[derive(Serialize)]
        struct Image {
            name: &'static str,
            #[serde(with = "serde_bytes")]
            data: Vec<u8>,
            thumbnails: Vec<Option<Bytes>>,
            by_size: BTreeMap<u8, Bytes>,
        }
        let image = Image {
            name: "x",
            data: vec![1],
            thumbnails: vec![None, Some(A)],
            by_size: BTreeMap::from([(3, B)]),
        };
        let (json, attachments) = emitted(&image);
        let expected = concat!(
            r#"["e",{"name":"x","data":{"_placeholder":true,"num":0},"#,
            r#""thumbnails":[null,{"_placeholder":true,"num":1}],"by_size":{"3":{"_placeholder":true,"num":2}}}]"#
        );
        assert_eq!(json, expected);
        assert_eq!(attachments, [Bytes::from_static(&[1]), A, B]);
    }

    #[test]
    fn bytes_alone_are_one_argument_also_as_a_result() {
        assert_eq!(emitted(&A), (r#"["e",{"_placeholder":true,"num":0}]"#.into(), vec![A]));
        assert_eq!(emitted(&Ok::<_, ()>(A)).1, [A]);
        assert_eq!(emitted(&Some(Bytes::new())).1, [Bytes::new()]);
    }

    #[test]
    fn a_list_of_numbers_stays_one() {
        assert_eq!(emitted(&vec![1_u8, 2]), (r#"["e",[1,2]]"#.into(), vec![]));
    }

    #[test]
    fn raw_arguments_behind_other_bytes_are_numbered_on() {
        let raw = RawArgs::encode(&(A, vec![B, A])).unwrap();
        let mut out = Vec::new();
        let mut writer = ArgsWriter::ack(&mut out);
        writer.push(&B).unwrap();
        raw.write_args(&mut writer).unwrap();
        assert_eq!(writer.finish(), [B, A, B, A]);
        let expected = concat!(
            r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},"#,
            r#"[{"_placeholder":true,"num":2},{"_placeholder":true,"num":3}]]"#
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn an_object_that_looks_like_a_placeholder_is_written_as_it_is_and_caught_when_read() {
        let fake = serde_json::json!({"_placeholder": true, "num": 5});
        let (json, attachments) = emitted(&(&fake, A));
        assert!(matches!(Event::parse(&json, &attachments), Err(ArgsError::Placeholder { .. })));
        let (json, attachments) = emitted(&fake);
        assert_eq!(Event::parse(&json, &attachments).unwrap().args.first::<Value>().unwrap(), fake);
    }
}

mod arriving {
    use super::*;

    const NO_TEXT: Bytes = Bytes::from_static(b"\xff\x00");
    const TWO: &str = r#"{"a":{"_placeholder":true,"num":1},"b":[null,{"_placeholder":true,"num":0}]}"#;

    #[test]
    fn bytes_are_decoded_at_any_depth() {
        #[derive(Deserialize)]
        struct Deep {
            a: ByteBuf,
            b: (Option<u8>, Option<Bytes>),
        }
        let json = format!("[[[{TWO}]],1]");
        let attachments = [A, B];
        let deep: Vec<Vec<Deep>> = args(&json, &attachments).first().unwrap();
        assert_eq!((deep[0][0].a.as_slice(), deep[0][0].b.clone()), (&B[..], (None, Some(A))));
        let (_, one): (Value3, u8) = args(&json, &attachments).all().unwrap();
        assert_eq!(one, 1);
    }

    type Value3 = Vec<Vec<serde::de::IgnoredAny>>;

    #[test]
    fn bytes_beside_every_kind_of_value() {
        #[derive(Debug, PartialEq, Deserialize)]
        enum Kind {
            Unit,
            New(Bytes),
            Tuple(u8, Bytes),
            Struct { data: Bytes },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct All {
            data: Bytes,
            boolean: bool,
            int: i64,
            big: u128,
            float: f32,
            letter: char,
            text: String,
            unit: (),
            some: Option<u8>,
            none: Option<u8>,
            missing: Option<u8>,
            numbers: Vec<u8>,
            bytes_as_list: ByteBuf,
            bytes_as_text: ByteBuf,
            by_number: BTreeMap<i8, bool>,
            by_truth: BTreeMap<bool, u8>,
            kinds: Vec<Kind>,
            by_kind: HashMap<String, Option<Kind>>,
        }
        let json = r#"[ {
            "ignored": [{"x":"]"}, -1.5e-3, "\""], "data": {"_placeholder":true,"num":0}, "boolean": true, "int": -5,
            "big": 340282366920938463463374607431768211455, "float": 1.5, "letter": "é", "text": "a\n\u0041", "unit": null,
            "some": 1, "none": null, "numbers": [ 1 , 2 ], "bytes_as_list": [1,2], "bytes_as_text": "ab",
            "by_number": {"-1":true, "2":false}, "by_truth": {"true":1},
            "kinds": ["Unit", {"New":{"_placeholder":true,"num":0}}, {"Tuple" : [1,{"_placeholder":true,"num":0}]},
                      {"Struct":{"data":{"_placeholder":true,"num":0}}} ],
            "by_kind": {"a\"": "Unit", "b": null}
        } ]"#;
        let all: All = args(json, &[A]).first().unwrap();
        let kinds = vec![Kind::Unit, Kind::New(A), Kind::Tuple(1, A), Kind::Struct { data: A }];
        let expected = All {
            data: A,
            boolean: true,
            int: -5,
            big: u128::MAX,
            float: 1.5,
            letter: 'é',
            text: "a\nA".into(),
            unit: (),
            some: Some(1),
            none: None,
            missing: None,
            numbers: vec![1, 2],
            bytes_as_list: ByteBuf::from(vec![1, 2]),
            bytes_as_text: ByteBuf::from(b"ab".to_vec()),
            by_number: BTreeMap::from([(-1, true), (2, false)]),
            by_truth: BTreeMap::from([(true, 1)]),
            kinds,
            by_kind: HashMap::from([("a\"".into(), Some(Kind::Unit)), ("b".into(), None)]),
        };
        assert_eq!(all, expected);
    }

    #[test]
    fn enums_with_their_tag_inside_or_without_a_tag_keep_bytes() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(tag = "type", rename_all = "lowercase")]
        enum Tagged {
            Image { data: Bytes },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(untagged)]
        enum Untagged {
            Text(String),
            Data(ByteBuf),
        }
        let json =
            r#"[{"type":"image","data":{"_placeholder":true,"num":0}},[{"_placeholder":true,"num":0},"x"]]"#;
        let (tagged, untagged): (Tagged, Vec<Untagged>) = args(json, &[NO_TEXT]).all().unwrap();
        assert_eq!(tagged, Tagged::Image { data: NO_TEXT });
        assert_eq!(untagged, [Untagged::Data(ByteBuf::from(NO_TEXT.to_vec())), Untagged::Text("x".into())]);
    }

    #[test]
    fn a_json_value_refuses_bytes_and_takes_the_rest() {
        let json = r#"[{"_placeholder":true,"num":0},{"a":[1,"b"]}]"#;
        let attachments = [A];
        let parsed = args(json, &attachments);
        let (_, value): (Bytes, Value) = parsed.all().unwrap();
        assert_eq!(value, serde_json::json!({"a": [1, "b"]}));
        let error = parsed.first::<Value>().unwrap_err();
        assert_eq!(error.cause(), "invalid type: byte array, expected any valid JSON value");
    }

    #[test]
    fn raw_json_keeps_its_placeholders() {
        let json = format!("[[ {TWO} ]]");
        let attachments = [A, B];
        let raw: (Box<RawValue>,) = args(&json, &attachments).first().unwrap();
        assert_eq!(raw.0.get(), TWO);
    }

    #[test]
    fn an_error_beside_bytes_names_its_place() {
        let json = format!("[{TWO}]");
        let attachments = [A, B];
        let parsed = args(&json, &attachments);
        let error = parsed.first::<HashMap<String, Vec<Bytes>>>().unwrap_err();
        assert_eq!(error.path(), "[0].a");
        let error = parsed.all::<(HashMap<String, Bytes>,)>().unwrap_err();
        assert_eq!(error.path(), "[0].b[0]");
        assert!(args(r#"[[1,2,{"_placeholder":true,"num":0}]]"#, &[A]).first::<(u8, u8)>().is_err());
    }

    #[test]
    fn raw_arguments_share_the_bytes_and_keep_the_text() {
        let json = format!("[ {TWO} ]");
        let attachments = [A, B];
        let raw = args(&json, &attachments).to_raw();
        assert_eq!((raw.json(), raw.attachments()), (TWO, &attachments[..]));
        let (text, sent) = emitted(&raw);
        assert_eq!((text, sent), (format!(r#"["e",{TWO}]"#), attachments.to_vec()));
    }
}
