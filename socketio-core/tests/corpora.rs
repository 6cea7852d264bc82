//! Replays what the fuzzer found interesting, and what it once broke, through the fuzz targets' own functions.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a library there, a module here")]
mod fuzz;

#[test]
fn frames_hold_their_promises() {
    replay("frame", fuzz::frame::run);
}

#[test]
fn payloads_hold_their_promises() {
    replay("payload", fuzz::payload::run);
}

#[test]
fn engine_packets_hold_their_promises() {
    replay("engine_packet", fuzz::engine_packet::run);
}

#[test]
fn queries_of_handshakes_hold_their_promises() {
    replay("handshake_query", fuzz::handshake_query::run);
}

#[test]
fn packets_hold_their_promises() {
    replay("packet", fuzz::packet::run);
}

#[cfg(feature = "msgpack")]
#[test]
fn packets_in_msgpack_hold_their_promises() {
    replay("msgpack", fuzz::msgpack::run);
}

#[test]
fn arguments_hold_their_promises() {
    replay("args", fuzz::args::run);
}

#[test]
fn frames_between_nodes_hold_their_promises() {
    replay("wire_python", fuzz::wire_python::run);
}

#[test]
fn any_short_input_is_harmless_everywhere() {
    let targets = [
        fuzz::frame::run,
        fuzz::payload::run,
        fuzz::engine_packet::run,
        fuzz::handshake_query::run,
        #[cfg(feature = "msgpack")]
        fuzz::msgpack::run,
        fuzz::packet::run,
        fuzz::args::run,
        fuzz::wire_python::run,
    ];
    for target in targets {
        target(b"");
        for first in 0..=u8::MAX {
            target(&[first]);
            for second in 0..=u8::MAX {
                target(&[first, second]);
            }
        }
    }
}

/// Runs `target` over `fuzz/corpus/<name>` and `fuzz/findings/<name>`; names every file on which it panics.
fn replay(name: &str, target: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut files = 0;
    let mut broken = Vec::new();
    for kind in ["corpus", "findings"] {
        let folder = fuzz.join(kind).join(name);
        if kind == "findings" && !folder.exists() {
            continue;
        }
        for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = file.expect("a folder that can be read").path();
            let input = fs::read(&path).expect("a file that can be read");
            files += 1;
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(files > 5, "the corpus of {name} is missing");
    assert!(broken.is_empty(), "{name} breaks on {broken:#?}");
}
