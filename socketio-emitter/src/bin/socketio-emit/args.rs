//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Emits to the clients of Socket.IO servers, over the message queue that the servers share.
///
/// The event's arguments are JSON values, then the files. Where text may begin with a dash, -- goes before the URL and ends the options.
/// Without an event nothing is emitted; --check then tells who listens.
///
/// Exit status: 0 the broker has everything; 1 it has not, for the reason given; 2 the command line or the input makes no sense;
/// 3 nobody listens (--check).
#[derive(Debug, Parser)]
#[command(version, about, long_about, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The broker, as the servers name it: redis://…, amqp://…, kafka://…
    pub(crate) url: String,

    /// The event's name
    #[arg(required_unless_present = "check")]
    pub(crate) event: Option<String>,

    /// Its arguments, each a JSON value: 42, '"text"', '{"a":1}'
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    pub(crate) arguments: Vec<String>,

    /// The servers' channel
    #[arg(short, long, default_value = "socketio")]
    pub(crate) channel: String,

    /// The namespace
    #[arg(short, long, default_value = "/")]
    pub(crate) namespace: String,

    /// A room, or the id of a client; several: who is in any of them
    #[arg(short, long = "to", value_name = "ROOM", allow_hyphen_values = true)]
    pub(crate) to: Vec<String>,

    /// A room, or the id of a client, to leave out
    #[arg(short = 'x', long, value_name = "ROOM", allow_hyphen_values = true)]
    pub(crate) except: Vec<String>,

    /// A file that goes as bytes, behind the other arguments
    #[arg(short, long = "file", value_name = "PATH")]
    pub(crate) files: Vec<PathBuf>,

    /// Arguments and lines are text, not JSON
    #[arg(long)]
    pub(crate) text: bool,

    /// Emits once for each line of the standard input, whose JSON values, side by side, are arguments behind the others
    #[arg(short, long, requires = "event")]
    pub(crate) lines: bool,

    /// Asks the broker who listens, first; if surely nobody does, nothing is emitted
    #[arg(long)]
    pub(crate) check: bool,

    /// How long the broker may take until it has everything, or until there is a link to check, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

const EXAMPLES: &str = r#"Examples:
  socketio-emit redis://localhost news '"hello"' 42
  socketio-emit --to lobby --except muted --text -- redis://localhost say "$TEXT"
  socketio-emit amqp://localhost -n /photos --file a.jpg photo '{"name":"a.jpg"}'
  tail -f app.log | socketio-emit kafka://localhost --lines --text log
  socketio-emit redis://localhost --check"#;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &[&str]) -> Result<Args, ErrorKind> {
        Args::try_parse_from(std::iter::once(&"socketio-emit").chain(line)).map_err(|error| error.kind())
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_event_goes_to_everybody_on_the_usual_channel() {
        let args = parse(&["redis://localhost", "news", r#""hello""#, "-3", r#"{"a":1}"#]).unwrap();
        assert_eq!(
            (args.event.as_deref(), &*args.channel, &*args.namespace),
            (Some("news"), "socketio", "/")
        );
        assert_eq!(args.arguments, [r#""hello""#, "-3", r#"{"a":1}"#]);
        assert!(args.to.is_empty() && args.except.is_empty() && args.files.is_empty());
        assert_eq!(args.timeout, Duration::from_secs(10));
    }

    #[test]
    fn rooms_exceptions_and_files_may_be_several_and_stand_anywhere() {
        let args = parse(&[
            "-t",
            "a",
            "redis://h",
            "--to",
            "b",
            "say",
            "-x",
            "c",
            "1",
            "--except=d",
            "-f",
            "p.jpg",
            "--file",
            "q.jpg",
        ])
        .unwrap();
        assert_eq!(args.to, ["a", "b"]);
        assert_eq!(args.except, ["c", "d"]);
        assert_eq!(args.files, [PathBuf::from("p.jpg"), PathBuf::from("q.jpg")]);
        assert_eq!(args.arguments, ["1"]);
    }

    #[test]
    fn the_id_of_a_client_may_begin_with_a_dash() {
        let args = parse(&["redis://h", "--to", "-Kd3f_x", "-t", "--9", "-x", "-c", "say"]).unwrap();
        assert_eq!((args.to, args.except), (vec!["-Kd3f_x".into(), "--9".into()], vec!["-c".into()]));
        assert_eq!((args.event.as_deref(), &*args.channel), (Some("say"), "socketio"));
    }

    #[test]
    fn behind_two_dashes_all_is_text() {
        let args =
            parse(&["--text", "--to", "a", "--", "redis://h", "say", "-f/etc/passwd", "-h", "--lines"])
                .unwrap();
        assert_eq!(args.arguments, ["-f/etc/passwd", "-h", "--lines"]);
        assert!(args.files.is_empty() && !args.lines);
    }

    #[test]
    fn there_is_an_event_or_a_check_and_lines_need_an_event() {
        assert_eq!(parse(&["redis://h"]).unwrap_err(), ErrorKind::MissingRequiredArgument);
        assert_eq!(parse(&[]).unwrap_err(), ErrorKind::MissingRequiredArgument);
        assert!(parse(&["redis://h", "--check"]).unwrap().event.is_none());
        assert_eq!(
            parse(&["redis://h", "--check", "--lines"]).unwrap_err(),
            ErrorKind::MissingRequiredArgument
        );
    }

    #[test]
    fn a_timeout_is_a_number_of_seconds() {
        assert_eq!(parse(&["u", "e", "--timeout", "0.5"]).unwrap().timeout, Duration::from_millis(500));
        for wrong in ["soon", "-1", "NaN", "1e300"] {
            assert_eq!(
                parse(&["u", "e", &format!("--timeout={wrong}")]).unwrap_err(),
                ErrorKind::ValueValidation
            );
        }
    }
}
