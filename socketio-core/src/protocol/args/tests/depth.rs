use serde::Deserialize;
use serde_json::Value;

use super::*;

const MILLION: usize = 1_000_000;

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("{}{}", open.repeat(levels), close.repeat(levels))
}

/// Recursion of a byte a level would show here.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(128 << 10).spawn(test).unwrap().join().unwrap();
}

#[test]
fn a_million_levels_pass_raw() {
    on_a_small_stack(|| {
        for argument in [nested("[", "]", MILLION), nested("{\"\":", "}", MILLION).replace(":}", ":0}")] {
            let json = format!("[\"deep\",{argument}]");
            let event = Event::parse(&json, &[]).unwrap();
            assert_eq!(event.args.get(0), Some(argument.as_str()));
            assert_eq!(emitted(&event.args.to_raw()).0, format!("[\"e\",{argument}]"));
        }
    });
}

#[test]
fn a_million_levels_pass_raw_beside_an_attachment() {
    on_a_small_stack(|| {
        let attachments = [Bytes::from_static(b"x")];
        let placeholder = r#"{"_placeholder":true,"num":0}"#;
        let deep = format!("{}{placeholder}{}", "[".repeat(MILLION), "]".repeat(MILLION));
        for argument in [deep.clone(), deep.replace('[', "{\"_placeholder\":").replace(']', "}")] {
            let json = format!("[\"deep\",{argument}]");
            let event = Event::parse(&json, &attachments).unwrap();
            let (text, sent) = emitted(&event.args.to_raw());
            assert_eq!(text, format!("[\"e\",{argument}]"));
            assert_eq!(sent, attachments);
        }
    });
}

#[test]
fn a_million_levels_end_decoding_with_an_error() {
    on_a_small_stack_of_serde(|| {
        let attachments = [Bytes::from_static(b"x")];
        let plain = format!("[{}]", nested("[", "]", MILLION));
        assert!(ack(&plain).first::<Value>().is_err());
        let binary = format!(r#"[{},{{"_placeholder":true,"num":0}}]"#, nested("[", "]", MILLION));
        let args = ArgsRef::parse(&binary, &attachments).unwrap();
        assert!(args.first::<Value>().is_err());
        assert!(args.first::<List>().is_err());
        assert!(args.all::<(List, Bytes)>().is_err());
    });
}

/// Typed decoding recurses, up to its limit.
fn on_a_small_stack_of_serde(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

#[derive(Debug, Deserialize)]
struct List(Vec<List>);

impl List {
    fn depth(&self) -> usize {
        1 + self.0.iter().map(List::depth).max().unwrap_or(0)
    }
}

#[test]
fn decoding_stops_at_128_levels_with_attachments_or_without() {
    let attachments = [Bytes::from_static(b"x")];
    for (levels, fits) in [(127, true), (128, false)] {
        let argument = nested("[", "]", levels);
        let plain = format!("[{argument}]");
        let binary = format!(r#"[{argument},{{"_placeholder":true,"num":0}}]"#);
        let results = [
            ack(&plain).first::<List>(),
            ArgsRef::parse(&binary, &attachments).unwrap().first::<List>(),
            ArgsRef::parse(&binary, &attachments).unwrap().all::<(List, Bytes)>().map(|(list, _)| list),
        ];
        for result in results {
            match result {
                Ok(list) => assert_eq!((list.depth(), fits), (levels, true)),
                Err(error) => {
                    assert!(!fits, "{error}");
                    assert!(error.to_string().contains("recursion limit exceeded"), "{error}");
                    assert!(error.to_string().len() < 1000);
                }
            }
        }
    }
}

#[test]
fn what_is_ignored_may_be_deeper_than_what_is_decoded() {
    #[derive(Deserialize)]
    struct Kept {
        kept: Bytes,
    }
    on_a_small_stack_of_serde(|| {
        let attachments = [Bytes::from_static(b"x")];
        let argument = nested("[", "]", MILLION);
        let json = format!(r#"[{{"ignored":{argument},"kept":{{"_placeholder":true,"num":0}}}}]"#);
        let args = ArgsRef::parse(&json, &attachments).unwrap();
        assert_eq!(args.first::<Kept>().unwrap().kept, attachments[0]);
    });
}
