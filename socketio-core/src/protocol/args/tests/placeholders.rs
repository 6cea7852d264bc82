use std::collections::HashMap;

use serde_json::Value;

use super::{
    binary::{A, B, args},
    *,
};

fn refused(json: &str, attachments: &[Bytes]) -> String {
    ArgsRef::parse(json, attachments).unwrap_err().to_string()
}

#[test]
fn num_is_an_integer_in_range() {
    let nums = [
        "1",
        "2",
        "-1",
        "-0",
        "0.0",
        "0.5",
        "1e0",
        "\"0\"",
        "null",
        "true",
        "[]",
        "{}",
        "[0]",
        "00000000000000000000001",
        "18446744073709551616",
        "99999999999999999999999999",
    ];
    for num in nums.into_iter().filter(|num| serde_json::from_str::<Value>(num).is_ok()) {
        let json = format!(r#"[{{"_placeholder":true,"num":{num}}}]"#);
        assert_eq!(refused(&json, &[A]), "a placeholder is not for one of the 1 attachments", "{num}");
    }
    assert!(refused(r#"[{"_placeholder":true}]"#, &[A]).contains("placeholder"));
    assert!(refused(r#"[{"_placeholder":true,"num":"length"}]"#, &[A]).contains("placeholder"));
}

#[test]
fn each_attachment_is_used() {
    assert_eq!(refused("[1]", &[A]), "attachment 0 is not used");
    assert_eq!(refused("[]", &[A]), "attachment 0 is not used");
    assert_eq!(refused(r#"[{"_placeholder":true,"num":0}]"#, &[A, B]), "attachment 1 is not used");
    assert!(Event::parse(r#"["e",1]"#, &[A]).is_err());
}

#[test]
fn an_attachment_may_be_used_twice() {
    let json = r#"[{"_placeholder":true,"num":0},[{"_placeholder":true,"num":0}]]"#;
    let (one, two): (Bytes, Vec<Bytes>) = args(json, &[A]).all().unwrap();
    assert_eq!((one, two), (A, vec![A]));
}

#[test]
fn only_true_makes_a_placeholder() {
    for marker in ["false", "1", "\"true\"", "null", "[true]", "{\"_placeholder\":true}", "\"\""] {
        let json = format!(r#"[{{"_placeholder":{marker},"num":0}}]"#);
        assert!(ArgsRef::parse(&json, &[A]).is_err(), "{marker}");
    }
}

#[test]
fn a_placeholder_is_known_in_any_form() {
    let forms = [
        r#"{"num":0,"_placeholder":true}"#,
        r#" { "_placeholder" : true , "num" : 0 } "#,
        "{\n\t\"_placeholder\"\r:\ntrue,\"num\":0\n}",
        r#"{"_placeholder":true,"num":0,"more":[{"x":"}"}]}"#,
        r#"{"more":{"_placeholder":false,"num":7},"_placeholder":true,"num":0}"#,
        r#"{"_placeholder":[{"num":9}],"num":"\"","_placeholder":true,"num":0}"#,
        r#"{"\u005f\u0070\u006C\u0061\u0063\u0065\u0068\u006f\u006c\u0064\u0065\u0072":true,"n\u0075m":0}"#,
    ];
    for form in forms {
        for json in
            [format!("[{form}]"), format!(r#"[[{{"\"":"\\"}},{form},"_placeholder"],{{"a":{form}}}]"#)]
        {
            let attachments = [A];
            let parsed = args(&json, &attachments);
            if parsed.len() == 1 {
                assert_eq!(parsed.first::<Bytes>().unwrap(), A, "{form}");
            } else {
                let (_, named): (Value2, HashMap<String, Bytes>) = parsed.all().unwrap();
                assert_eq!(named["a"], A);
            }
        }
    }
}

type Value2 = (HashMap<String, String>, Bytes, String);

#[test]
fn the_last_of_members_of_one_name_counts() {
    assert!(ArgsRef::parse(r#"[{"_placeholder":true,"num":0,"num":1}]"#, &[A]).is_err());
    assert!(ArgsRef::parse(r#"[{"_placeholder":true,"num":0,"_placeholder":false}]"#, &[A]).is_err());
    let json = r#"[{"num":7,"_placeholder":false,"_placeholder":true,"num":0}]"#;
    assert_eq!(args(json, &[A]).first::<Bytes>().unwrap(), A);
}

#[test]
fn what_stands_inside_a_placeholder_uses_nothing() {
    let json = r#"[{"_placeholder":true,"num":0,"x":{"_placeholder":true,"num":1}}]"#;
    assert_eq!(refused(json, &[A, B]), "attachment 1 is not used");
}

#[test]
fn strings_that_look_like_one_are_none() {
    let json = r#"["{\"_placeholder\":true,\"num\":5}",{"_placeholder":true,"num":0},["num",9]]"#;
    let parsed: (String, Bytes, (String, u8)) = args(json, &[A]).all().unwrap();
    assert_eq!(parsed.0, r#"{"_placeholder":true,"num":5}"#);
}

#[test]
fn without_attachments_it_is_an_object() {
    let args = ack(r#"[{"_placeholder":true,"num":0}]"#);
    assert!(args.first::<Value>().unwrap().is_object());
    assert!(args.first::<Bytes>().is_err());
}
