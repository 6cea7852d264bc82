use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::*;

fn json_of(args: &(impl IntoArgs + ?Sized)) -> String {
    let (json, attachments) = emitted(args);
    assert!(attachments.is_empty());
    json
}

#[derive(Serialize)]
struct Unit;
#[derive(Serialize)]
struct Newtype(&'static str);
#[derive(Serialize)]
struct Pair((u8, u8));
#[derive(Serialize)]
struct Tuple(u8, u8);
#[derive(Serialize)]
struct Point {
    x: f32,
    y: Option<f32>,
}
#[derive(Serialize)]
enum Shape {
    Unit,
    Newtype(u8),
    Tuple(u8, u8),
    Struct { a: u8 },
}

#[test]
fn nothing_is_no_argument() {
    assert_eq!(json_of(&()), r#"["e"]"#);
    assert_eq!(json_of(&[0_u8; 0]), r#"["e"]"#);
}

#[test]
fn a_tuple_is_several_arguments() {
    assert_eq!(json_of(&(1,)), r#"["e",1]"#);
    assert_eq!(json_of(&("a", 2, ())), r#"["e","a",2,null]"#);
    assert_eq!(json_of(&("moved", (3, 4))), r#"["e","moved",[3,4]]"#);
    assert_eq!(json_of(&&Box::new((1, [2, 3]))), r#"["e",1,[2,3]]"#);
}

#[test]
fn an_array_is_a_tuple() {
    assert_eq!(json_of(&[1, 2, 3]), r#"["e",1,2,3]"#);
    let (json, _) = emitted(&[7_u8; 32]);
    assert_eq!(Event::parse(&json, &[]).unwrap().args.len(), 32);
}

#[test]
fn everything_else_is_one_argument() {
    assert_eq!(json_of("text"), r#"["e","text"]"#);
    assert_eq!(json_of(&"text"), r#"["e","text"]"#);
    assert_eq!(json_of(&String::from("\"\u{1}é")), "[\"e\",\"\\\"\\u0001é\"]");
    assert_eq!(json_of(&'c'), r#"["e","c"]"#);
    assert_eq!(json_of(&true), r#"["e",true]"#);
    assert_eq!(json_of(&-5_i8), r#"["e",-5]"#);
    assert_eq!(json_of(&u64::MAX), r#"["e",18446744073709551615]"#);
    assert_eq!(json_of(&i128::MIN), r#"["e",-170141183460469231731687303715884105728]"#);
    assert_eq!(json_of(&1.5), r#"["e",1.5]"#);
    assert_eq!(json_of(&f64::NAN), r#"["e",null]"#);
    assert_eq!(json_of(&Some(1)), r#"["e",1]"#);
    assert_eq!(json_of(&Some((1, 2))), r#"["e",[1,2]]"#);
    assert_eq!(json_of(&None::<u8>), r#"["e",null]"#);
    assert_eq!(json_of(&vec![1_u8, 2]), r#"["e",[1,2]]"#);
    assert_eq!(json_of(&Vec::<u8>::new()), r#"["e",[]]"#);
    assert_eq!(json_of(&[1, 2][..]), r#"["e",[1,2]]"#);
    assert_eq!(json_of(&BTreeMap::from([(1, "a")])), r#"["e",{"1":"a"}]"#);
    assert_eq!(json_of(&json!({"a": [1, {"b": null}]})), r#"["e",{"a":[1,{"b":null}]}]"#);
    assert_eq!(json_of(&std::net::Ipv4Addr::LOCALHOST), r#"["e","127.0.0.1"]"#);
    assert_eq!(json_of(&format_args!("{}-{}", 1, 2)), r#"["e","1-2"]"#);
}

#[test]
fn structs_and_enums_are_one_argument_whatever_their_form() {
    assert_eq!(json_of(&Unit), r#"["e",null]"#);
    assert_eq!(json_of(&Newtype("a")), r#"["e","a"]"#);
    assert_eq!(json_of(&Pair((1, 2))), r#"["e",[1,2]]"#);
    assert_eq!(json_of(&Tuple(1, 2)), r#"["e",[1,2]]"#);
    assert_eq!(json_of(&Point { x: 1.0, y: None }), r#"["e",{"x":1.0,"y":null}]"#);
    assert_eq!(json_of(&Shape::Unit), r#"["e","Unit"]"#);
    assert_eq!(json_of(&Shape::Newtype(1)), r#"["e",{"Newtype":1}]"#);
    assert_eq!(json_of(&Shape::Tuple(1, 2)), r#"["e",{"Tuple":[1,2]}]"#);
    assert_eq!(json_of(&Shape::Struct { a: 1 }), r#"["e",{"Struct":{"a":1}}]"#);
}

#[test]
fn a_result_is_its_value() {
    assert_eq!(json_of(&Ok::<_, ()>(1)), r#"["e",1]"#);
    assert_eq!(json_of(&Err::<(), _>(json!({"code": 7}))), r#"["e",{"code":7}]"#);
    assert_eq!(json_of(&Ok::<_, ()>((1, 2))), r#"["e",1,2]"#);
    assert_eq!(json_of(&Ok::<_, ()>(())), r#"["e"]"#);
    assert_eq!(json_of(&Ok::<_, ()>(Err::<(), _>("x"))), r#"["e","x"]"#);
}

#[test]
fn raw_json_is_copied() {
    let raw = RawValue::from_string("12345678901234567890123 ".into()).unwrap();
    assert_eq!(json_of(&raw), r#"["e",12345678901234567890123]"#);
    assert_eq!(json_of(&(1, &raw)), r#"["e",1,12345678901234567890123]"#);
}

#[test]
fn the_name_is_escaped() {
    let mut out = Vec::new();
    let _ = ArgsWriter::event(&mut out, "a \"b\"\n").finish();
    assert_eq!(out, br#"["a \"b\"\n"]"#);
}

#[test]
fn an_ack_has_no_name() {
    let mut out = b"31".to_vec();
    let mut writer = ArgsWriter::ack(&mut out);
    ("a", 1).write_args(&mut writer).unwrap();
    2.write_args(&mut writer).unwrap();
    writer.push(&(3, 4)).unwrap();
    ().write_args(&mut writer).unwrap();
    assert!(writer.finish().is_empty());
    assert_eq!(out, br#"31["a",1,2,[3,4]]"#);

    let mut out = Vec::new();
    assert!(ArgsWriter::ack(&mut out).finish().is_empty());
    assert_eq!(out, b"[]");
}

#[test]
fn what_cannot_be_json_is_an_error_and_leaves_what_stood_before() {
    let keyed = HashMap::from([((1, 2), 3)]);
    let mut out = Vec::new();
    let mut writer = ArgsWriter::ack(&mut out);
    assert!(("lost", &keyed).write_args(&mut writer).is_err());
    assert!(writer.push(&(Bytes::from_static(b"lost"), &keyed)).is_err());
    "kept".write_args(&mut writer).unwrap();
    assert!(writer.finish().is_empty());
    assert_eq!(out, br#"["kept"]"#);
    assert!(RawArgs::encode(&keyed).is_err());
}

#[test]
fn a_writer_that_is_dropped_takes_back_what_it_wrote() {
    let mut out = b"2".to_vec();
    let mut writer = ArgsWriter::event(&mut out, "e");
    writer.push(&1).unwrap();
    drop(writer);
    assert_eq!(out, b"2");
}

#[test]
fn encoded_once_and_emitted_often() {
    let args = RawArgs::encode(&("a", [1, 2], Bytes::from_static(b"x"))).unwrap();
    assert_eq!(args.json(), r#""a",[1,2],{"_placeholder":true,"num":0}"#);
    let (json, attachments) = emitted(&args.clone());
    assert_eq!(json, format!(r#"["e",{}]"#, args.json()));
    assert_eq!(attachments[0].as_ptr(), args.attachments()[0].as_ptr());
}
