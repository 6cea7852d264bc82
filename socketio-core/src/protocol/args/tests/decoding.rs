use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Say {
    text: String,
    #[serde(default)]
    tags: Vec<u8>,
}

fn error<T: std::fmt::Debug>(result: Result<T, DecodeError>) -> (String, String) {
    let error = result.unwrap_err();
    (error.path().to_owned(), error.cause().to_owned())
}

#[test]
fn the_first_argument_is_decoded_and_others_are_ignored() {
    let say: Say = ack(r#"[{"text":"a","more":1},2]"#).first().unwrap();
    assert_eq!(say, Say { text: "a".into(), tags: vec![] });
    assert_eq!(ack("[1]").first::<Value>().unwrap(), json!(1));
}

#[test]
fn a_missing_first_argument_is_null() {
    assert_eq!(ack("[]").first::<Option<u8>>().unwrap(), None);
    assert_eq!(ack("[]").first::<Value>().unwrap(), Value::Null);
    ack("[]").first::<()>().unwrap();
    assert_eq!(error(ack("[]").first::<u8>()), ("[0]".into(), "missing".into()));
}

#[test]
fn all_arguments_are_a_tuple() {
    assert_eq!(ack(r#"[1,"a"]"#).all::<(u8, String)>().unwrap(), (1, "a".into()));
    assert_eq!(ack("[1]").all::<(u8,)>().unwrap(), (1,));
    assert_eq!(ack("[1,2]").all::<[u8; 2]>().unwrap(), [1, 2]);
    ack("[]").all::<()>().unwrap();
}

#[test]
fn all_arguments_are_a_list() {
    assert_eq!(ack("[1,2,3]").all::<Vec<u8>>().unwrap(), [1, 2, 3]);
    assert_eq!(ack("[]").all::<Vec<u8>>().unwrap(), [0; 0]);
    assert_eq!(ack("[1,{}]").all::<Value>().unwrap(), json!([1, {}]));
}

#[test]
fn all_arguments_are_the_fields_of_a_tuple_struct_or_struct() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Move(u8, u8);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair((u8, u8));
    assert_eq!(ack("[1,2]").all::<Move>().unwrap(), Move(1, 2));
    assert_eq!(ack("[1,2]").all::<Pair>().unwrap(), Pair((1, 2)));
    assert_eq!(ack(r#"["a",[1]]"#).all::<Say>().unwrap(), Say { text: "a".into(), tags: vec![1] });
}

#[test]
fn what_a_tuple_lacks_is_null() {
    assert_eq!(ack("[1]").all::<(u8, Option<u8>)>().unwrap(), (1, None));
    assert_eq!(error(ack("[1]").all::<(u8, u8)>()), ("[1]".into(), "missing".into()));
}

#[test]
fn more_arguments_than_a_tuple_has_are_an_error() {
    let (path, cause) = error(ack("[1,2,3]").all::<(u8, u8)>());
    assert_eq!((path.as_str(), cause.as_str()), ("", "invalid length 3, expected a tuple of size 2"));
    assert!(ack("[1]").all::<()>().is_err());
}

#[test]
fn an_answer_is_one_value_or_none_or_a_tuple() {
    ack("[]").answer::<()>().unwrap();
    assert_eq!(ack("[]").answer::<Option<u8>>().unwrap(), None);
    assert_eq!(ack("[7]").answer::<u8>().unwrap(), 7);
    assert_eq!(ack("[[7,8]]").answer::<(u8, u8)>().unwrap(), (7, 8));
    assert_eq!(ack("[7,8]").answer::<(u8, u8)>().unwrap(), (7, 8));
    assert_eq!(ack("[7,8]").answer::<Vec<u8>>().unwrap(), [7, 8]);
    assert!(ack("[7,8]").answer::<u8>().is_err());
}

#[test]
fn an_error_names_the_place_the_type_and_the_cause() {
    let args = ack(r#"[{"text":"a","tags":[1,"b"]}]"#);
    let error = args.first::<Say>().unwrap_err();
    assert_eq!(error.path(), "[0].tags[1]");
    assert!(error.type_name().ends_with("decoding::Say"), "{}", error.type_name());
    assert!(error.cause().starts_with("invalid type: string, expected u8"), "{}", error.cause());
    let text = error.to_string();
    assert!(text.starts_with("[0].tags[1] does not fit ") && text.contains("expected u8"), "{text}");

    let error = args.all::<(Say,)>().unwrap_err();
    assert_eq!(error.path(), "[0].tags[1]");
    assert_eq!(ack("[1,2]").all::<(u8, String)>().unwrap_err().path(), "[1]");
    assert_eq!(ack("[[1]]").first::<Vec<String>>().unwrap_err().path(), "[0][0]");
}

#[test]
fn an_error_does_not_quote_the_value() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is never read")]
    struct Strict {
        known: bool,
    }
    #[derive(Debug, Deserialize)]
    enum Color {
        Red,
    }
    let secret = r#"["my `secret`\", expected nothing"]"#;
    for cause in [
        error(ack(secret).first::<u8>()).1,
        error(ack(secret).first::<char>()).1,
        error(ack(secret).first::<Color>()).1,
        error(ack(r#"[{"my secret":1}]"#).first::<Strict>()).1,
        error(ack("[5e3]").first::<bool>()).1,
    ] {
        assert!(
            !cause.contains("secret") && !cause.contains("nothing") && !cause.contains("5000"),
            "{cause}"
        );
        assert!(cause.contains("expected "), "{cause}");
    }
    let (path, cause) = error(ack(r#"["Red",7]"#).all::<(Color, String)>());
    assert_eq!(path, "[1]");
    assert!(cause.starts_with("invalid type: integer, expected a string"), "{cause}");
}

#[test]
fn an_error_holds_no_more_than_a_line_of_the_argument() {
    let json = format!(r#"["{}"]"#, "é".repeat(100_000));
    let error = ack(&json).first::<u8>().unwrap_err();
    assert!(error.cause().len() < 300);
    let json = format!(r#"[{{"{}":"x"}}]"#, "k".repeat(100_000));
    let error = ack(&json).first::<HashMap<String, u8>>().unwrap_err();
    assert!(error.path().len() < 300);
}

#[test]
fn big_numbers_become_what_the_type_can_hold() {
    assert_eq!(ack("[18446744073709551615]").first::<u64>().unwrap(), u64::MAX);
    assert_eq!(ack("[170141183460469231731687303715884105727]").first::<i128>().unwrap(), i128::MAX);
    assert!(ack("[18446744073709551616]").first::<u64>().is_err());
    assert_eq!(ack("[1e3]").first::<f64>().unwrap(), 1000.0);
}
