use std::borrow::Cow;

use super::*;

fn event(json: &str) -> Event<'_> {
    Event::parse(json, &[]).unwrap()
}

#[test]
fn an_event_is_a_name_and_its_arguments_as_they_came() {
    let event = event(r#" [ "say" , {"a": [1,2]} ,null, "x,]" ] "#);
    assert_eq!(event.name, "say");
    assert_eq!(event.args.len(), 3);
    assert_eq!(event.args.get(0), Some(r#"{"a": [1,2]}"#));
    assert_eq!(event.args.get(1), Some("null"));
    assert_eq!(event.args.get(2), Some(r#""x,]""#));
    assert_eq!(event.args.get(3), None);
    assert_eq!(event.args.json(), r#"{"a": [1,2]} ,null, "x,]""#);
}

#[test]
fn an_event_may_have_no_arguments() {
    let event = event(r#"["ping"]"#);
    assert!(event.args.is_empty());
    assert_eq!(event.args.json(), "");
    assert_eq!(event.args.to_raw(), RawArgs::default());
}

#[test]
fn a_name_without_escapes_is_borrowed_and_four_arguments_are_kept_in_place() {
    let event = event(r#"["größe",1,2,3,4]"#);
    assert!(matches!(event.name, Cow::Borrowed("größe")));
    assert!(matches!(event.args.raw, elements::Elements::Few { .. }));
}

#[test]
fn a_name_is_what_its_escapes_mean() {
    assert_eq!(event(r#"["a\"b\u00e9\n"]"#).name, "a\"b\u{e9}\n");
    assert_eq!(event(r#"[""]"#).name, "");
    assert_eq!(event(r#"["__proto__"]"#).name, "__proto__");
}

#[test]
fn a_number_as_the_name_counts_as_its_text() {
    assert_eq!(event("[7,1]").name, "7");
    assert_eq!(event("[-1.5e3]").name, "-1.5e3");
}

#[test]
fn anything_else_is_no_name() {
    for json in ["[null]", "[true]", r#"[{"toString":"x"}]"#, "[[]]", r#"[["say"]]"#, r#"["\ud800"]"#] {
        assert!(matches!(Event::parse(json, &[]), Err(ArgsError::Name)), "{json}");
    }
}

#[test]
fn an_event_without_a_name_is_refused() {
    assert!(matches!(Event::parse("[]", &[]), Err(ArgsError::Empty)));
    assert!(matches!(Event::parse(" [ ] ", &[]), Err(ArgsError::Empty)));
}

#[test]
fn what_is_no_json_array_is_refused() {
    let texts = [
        "",
        "[",
        "]",
        "[\"a\"",
        "[\"a\",]",
        "[,\"a\"]",
        "[\"a\" 1]",
        "[\"a\"]]",
        "[\"a\"] x",
        "{}",
        "1",
        "\"a\"",
        "null",
        "[\"a\",{]",
        "[\"a\",{\"b\"}]",
        "[\"a\",[}]",
        "[\"a\",01]",
        "[\"a\",1.]",
        "[\"a\",+1]",
        "[\"a\",NaN]",
        "[\"a\",Infinity]",
        "[\"a\",tru]",
        "[\"a\",\"\n\"]",
        "[\"a\",\"\\x\"]",
        "[\"a\",\"\\u12\"]",
        "[\"a\",'b']",
        "[\"a\u{0}\"]",
        "[\"a\",\u{a0}1]",
    ];
    for json in texts {
        assert!(matches!(Event::parse(json, &[]), Err(ArgsError::Json(_))), "{json:?}");
        assert!(matches!(ArgsRef::parse(json, &[]), Err(ArgsError::Json(_))), "{json:?}");
    }
}

#[test]
fn numbers_beyond_53_bits_pass_unharmed() {
    for number in
        ["9007199254740993", "123456789012345678901234567890", "-0", "1.00", "1E400", "0.1234567890123456789"]
    {
        let json = format!(r#"["n",{number}]"#);
        let args = event(&json).args.to_raw();
        assert_eq!(args.json(), number);
        assert_eq!(emitted(&args).0, format!(r#"["e",{number}]"#));
    }
}

#[test]
fn half_a_surrogate_pair_passes_in_raw_arguments() {
    let json = r#"["s","\ud83d",{"\udc00":"\ud800\ud800"}]"#;
    let args = event(json).args;
    assert_eq!(emitted(&args).0, r#"["e","\ud83d",{"\udc00":"\ud800\ud800"}]"#);
    assert!(args.first::<String>().is_err());
}

#[test]
fn raw_arguments_are_emitted_as_they_came() {
    let json = r#"["s", {"b" :1, "a":2.50,"a":3} , "\u0041\/" ]"#;
    let raw = event(json).args.to_raw();
    assert_eq!(raw.json(), r#"{"b" :1, "a":2.50,"a":3} , "\u0041\/""#);
    assert_eq!(emitted(&raw).0, format!(r#"["e",{}]"#, raw.json()));
    assert_eq!(emitted(&&raw), emitted(&raw));
    assert_eq!(raw.as_ref().unwrap().get(1), Some(r#""\u0041\/""#));
}

#[test]
fn no_raw_arguments_are_none() {
    assert_eq!(emitted(&RawArgs::default()).0, r#"["e"]"#);
    assert!(RawArgs::default().as_ref().unwrap().is_empty());
}

#[test]
fn a_list_as_the_only_argument_of_an_ack_stays_a_list() {
    let args = ack("[[1,2]]");
    assert_eq!(args.len(), 1);
    assert_eq!(args.first::<Vec<u8>>().unwrap(), [1, 2]);
}
