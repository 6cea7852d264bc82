//! The messages that the troubleshooting chapter explains are those that the sources have.

use std::fs;
use std::path::Path;

use crate::page::{Page, docs};

/// All Rust of the crates, with escapes and line breaks of long literals taken out.
pub(crate) fn sources() -> String {
    let mut all = String::new();
    for crate_name in
        ["socketio-core", "socketio-redis", "socketio-amqp", "socketio-kafka", "socketio-emitter"]
    {
        add(&docs().join("..").join(crate_name).join("src"), &mut all);
    }
    all.replace("\\\"", "\"")
}

fn add(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).expect("it is a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            add(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(&path).expect("sources are text"));
        }
    }
}

/// The headings of the chapter are messages; `…` stands for what differs from case to case.
#[test]
fn every_message_in_the_troubleshooting_chapter_is_in_the_sources() {
    let sources = sources();
    let page = fs::read_to_string(docs().join("troubleshooting.md")).expect("it is there");
    let headings = page.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    let mut count = 0;
    for message in headings {
        count += 1;
        let parts = message.split('…').map(str::trim).filter(|part| !part.is_empty());
        let missing: Vec<_> = parts.filter(|part| !sources.contains(part)).collect();
        assert!(missing.is_empty(), "`{message}`: the sources do not have {missing:?}");
    }
    assert!(count >= 20, "only {count} messages");
}

/// Every cause for which a request is refused stands in the chapter as the log has it.
#[test]
fn every_cause_of_a_refused_request_is_in_the_troubleshooting_chapter() {
    let page = fs::read_to_string(docs().join("troubleshooting.md")).expect("it is there");
    let refusals = fs::read_to_string(docs().join("../socketio-core/src/engine/request/refusal.rs"))
        .expect("it is there");
    let (_, causes) = refusals.split_once("fn cause(").expect("causes are written");
    let (causes, names) = causes.split_once("fn cure(").expect("it ends");
    let (_, names) = names.split_once("fn name(").expect("causes have names");
    let (names, _) = names.split_once("fn into_response").expect("it ends");
    // The log has the name only where there are no words with values in them.
    let has_words =
        |arm: &&str| arm.split_whitespace().next().is_some_and(|variant| causes.contains(variant));
    let names = names.lines().filter(|arm| !has_words(arm));
    let quoted = causes.lines().chain(names).filter_map(|line| line.split('"').nth(1));
    let written: Vec<_> = quoted.map(with_dots).collect();
    assert!(written.len() > 12, "{written:#?}");
    let missing: Vec<_> = written.iter().filter(|cause| !page.contains(*cause)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(Page::read(&docs().join("troubleshooting.md")).quoted.len() > 20);
}

/// A format as the chapter has it: `…` for each `{value}`.
fn with_dots(format: &str) -> String {
    let parts = format.split(['{', '}']).enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part } else { "…" }).collect()
}
