//! Replays what the fuzzer found interesting, and what it once broke, through the fuzz targets' own functions.

use self::replay::replay;

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a library there, a module here")]
mod fuzz;
#[path = "../../fuzz/src/replay.rs"]
mod replay;

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

#[cfg(all(feature = "server", feature = "static-files"))]
#[test]
fn connections_hold_their_promises() {
    replay("connection", fuzz::connection::run);
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
