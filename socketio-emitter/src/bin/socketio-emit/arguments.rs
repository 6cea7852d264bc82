//! What an event carries: JSON values as they were typed, and files as bytes.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use socketio_core::protocol::args::{ArgsWriter, EncodeError, IntoArgs};

use crate::failure::Failure;

/// One argument.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Argument {
    /// Leaves as it was typed: numbers keep their digits, objects their order.
    Json(Box<RawValue>),
    Text(String),
    Bytes(Bytes),
}

/// All of an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments(pub(crate) Vec<Argument>);

impl Arguments {
    /// Each of `values` is one argument.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a String>, text: bool) -> Result<Self, Failure> {
        let one = |value: &String| match text {
            true => Ok(Argument::Text(value.clone())),
            false => serde_json::from_str(value)
                .map(Argument::Json)
                .map_err(|source| Failure::Json { place: format!("the argument {value:?}"), source }),
        };
        Ok(Arguments(values.into_iter().map(one).collect::<Result<_, _>>()?))
    }

    /// Adds the values of a line: JSON values side by side, or its text.
    pub(crate) fn with_line(&self, number: usize, line: &str, text: bool) -> Result<Self, Failure> {
        let mut arguments = self.clone();
        if text {
            arguments.0.push(Argument::Text(line.to_owned()));
            return Ok(arguments);
        }
        for value in serde_json::Deserializer::from_str(line).into_iter() {
            let value = value.map_err(|source| Failure::Json { place: format!("line {number}"), source })?;
            arguments.0.push(Argument::Json(value));
        }
        Ok(arguments)
    }

    pub(crate) fn push_file(&mut self, path: &Path) -> Result<(), Failure> {
        let read = fs::read(path).map_err(|source| Failure::File { path: path.to_owned(), source })?;
        self.0.push(Argument::Bytes(read.into()));
        Ok(())
    }
}

impl IntoArgs for &Arguments {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        self.0.iter().try_for_each(|argument| writer.push(argument))
    }
}

#[cfg(test)]
mod tests {
    use socketio_core::RawArgs;

    use super::*;

    fn written(arguments: &Arguments) -> (String, usize) {
        let args = RawArgs::encode(&arguments).unwrap();
        (args.json().to_owned(), args.attachments().len())
    }

    #[test]
    fn json_leaves_as_it_was_typed() {
        let typed =
            ["12345678901234567890123".to_owned(), r#"{"b":1.0,"a":[null]}"#.to_owned(), "null".to_owned()];
        let arguments = Arguments::of(&typed, false).unwrap();
        assert_eq!(
            written(&arguments),
            (r#"12345678901234567890123,{"b":1.0,"a":[null]},null"#.to_owned(), 0)
        );
    }

    #[test]
    fn text_is_a_string_whatever_it_looks_like() {
        let arguments = Arguments::of(&["42".to_owned(), r#"say "hi""#.to_owned()], true).unwrap();
        assert_eq!(written(&arguments).0, r#""42","say \"hi\"""#);
    }

    #[test]
    fn the_values_of_a_line_stand_behind_the_others_side_by_side() {
        let first = Arguments::of(&["1".to_owned()], false).unwrap();
        let line = first.with_line(1, r#" "a" [2,3]{"b":4} "#, false).unwrap();
        assert_eq!(written(&line).0, r#"1,"a",[2,3],{"b":4}"#);
        assert_eq!(written(&first.with_line(2, " ", false).unwrap()).0, "1");
        assert_eq!(written(&first.with_line(3, "a b", true).unwrap()).0, r#"1,"a b""#);
    }

    #[test]
    fn what_is_no_json_is_named_with_its_place() {
        let error = Arguments::of(&["hello".to_owned()], false).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"the argument "hello" is not JSON; text is quoted ('"text"'), or --text says that all is"#
        );
        let error = Arguments::default().with_line(7, "1 2 x", false).unwrap_err();
        assert!(error.to_string().starts_with("line 7 is not JSON"), "{error}");
    }

    #[test]
    fn files_are_bytes() {
        let mut arguments = Arguments::of(&["1".to_owned()], false).unwrap();
        arguments.push_file(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))).unwrap();
        assert_eq!(written(&arguments), (r#"1,{"_placeholder":true,"num":0}"#.to_owned(), 1));
        let error = arguments.push_file(Path::new("/no/such/file")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read /no/such/file");
    }
}
