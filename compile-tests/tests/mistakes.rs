//! The mistakes that newcomers make do not compile, and the message names the cure.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// The compiler that the messages are from: others word them differently.
const COMPILER: &str = "rustc 1.95.";

/// Each mistake, and the words of its message that name the cure.
const MISTAKES: &[(&str, &str)] = &[
    ("a_plain_argument", "a plain value of the client is `Data<T>`"),
    ("auth_in_an_event", "`Auth<T>` belongs to on_connect"),
    ("too_many_arguments", "takes up to five extractors"),
    (
        "a_result_that_is_not_serializable",
        "it returns `()`, a `Serialize` value, a tuple, or `Result<_, HandlerError>`",
    ),
    ("an_error_of_its_own", "any `std::error::Error` becomes a `HandlerError` with `?`"),
    ("a_future_that_is_not_send", "must not keep anything across an `.await` that is not `Send`"),
    ("a_borrowed_local", "to force the closure to take ownership of"),
    ("an_emit_of_what_is_not_serializable", "`#[derive(serde::Serialize)]`"),
    ("an_answer_of_the_wrong_type", "`#[derive(serde::Deserialize)]`"),
    ("an_answer_that_is_not_awaited", ".await"),
    ("an_ack_sent_twice", "takes ownership of the receiver `self`"),
    ("a_method_without_a_shared_receiver", "it takes `&self`, as there is one instance for all clients"),
    ("an_async_function_that_blocks", "an async one belongs to `on`"),
    ("a_connect_that_returns_text", "returns `()`, `bool` or `Result<(), ConnectError>`"),
];

#[test]
fn each_mistake_of_a_newcomer_is_told_in_these_words() {
    let version = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("--version")
        .output()
        .expect("there is a compiler");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(COMPILER) {
        // Past what the harness captures.
        let _ = writeln!(
            std::io::stderr(),
            "compile-tests: not run: the messages are those of {COMPILER}x, this is {version}"
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}

#[test]
fn each_message_names_the_cure() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    for (mistake, cure) in MISTAKES {
        let message = std::fs::read_to_string(folder.join(format!("{mistake}.stderr"))).expect(mistake);
        // Lines are broken and indented as the compiler likes.
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(message.contains(cure), "{mistake} is not told {cure:?}:\n{message}");
    }
    let programs = std::fs::read_dir(&folder).expect("it is there").flatten();
    let programs = programs.filter(|file| file.path().extension().is_some_and(|kind| kind == "rs")).count();
    assert_eq!(programs, MISTAKES.len(), "every mistake is in the list");
}
