use clap::Parser;
use socketio_core::Sid;
use socketio_core::adapter::broker::{Channel, Feed, Frame};
use socketio_core::adapter::memory::{Memory, MemoryFeed, MemoryHub};
use std::pin::Pin;

use super::*;

/// A hub with one who listens, a runtime to listen in, and an emitter.
struct Place {
    hub: MemoryHub,
    emitter: Emitter<Memory>,
    runtime: tokio::runtime::Runtime,
    _listener: Memory,
    feed: MemoryFeed<false>,
}

fn place() -> Place {
    let hub = MemoryHub::named(&Sid::generate());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (listener, feed) = runtime.block_on(async {
        let listener = Memory::connect(&hub.options(), "listener").await.unwrap();
        let feed = listener.subscribe(&[Channel::Exact("socketio".into())], None).await.unwrap();
        (listener, feed)
    });
    Place { emitter: Emitter::with_options(hub.options()), hub, runtime, _listener: listener, feed }
}

impl Place {
    fn run(&self, line: &[&str], input: &str) -> Result<Report, Failure> {
        let line = ["socketio-emit", "memory://h"].iter().chain(line);
        run(&self.emitter, &Args::parse_from(line), &mut BufReader::new(input.as_bytes()))
    }

    /// The next frame, without its end.
    fn heard(&mut self) -> String {
        let next = std::future::poll_fn(|cx| next(&mut self.feed, cx));
        let waiting = async { tokio::time::timeout(std::time::Duration::from_secs(20), next).await };
        let frame = self.runtime.block_on(waiting).expect("a frame");
        let text = String::from_utf8(frame.payload.to_vec()).unwrap();
        text.split(r#", "callback""#).next().unwrap().to_owned()
    }
}

fn next<F: Feed<Error: fmt::Debug>>(feed: &mut F, cx: &mut std::task::Context<'_>) -> std::task::Poll<Frame> {
    Pin::new(feed).poll_next(cx).map(|frame| frame.unwrap().unwrap())
}

#[test]
fn an_event_is_published_with_its_rooms_and_arguments() {
    let mut place = place();
    let report =
        place.run(&["--to", "a", "--to=b", "-x", "c", "-n", "chat", "say", r#""hi""#, "1.50"], "").unwrap();
    assert_eq!(report.to_string(), "published 1 on socketio");
    assert_eq!(
        place.heard(),
        r#"{"method": "emit", "event": "say", "data": ["hi",1.50], "binary": false, "namespace": "/chat", "room": ["a", "b"], "skip_sid": "c""#
    );
}

#[test]
fn each_line_is_one_event_and_files_stand_behind() {
    let mut place = place();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/two-bytes");
    let report = place.run(&["--lines", "-f", file, "n", "0"], "1\n\"two\" 3\n").unwrap();
    assert_eq!(report.to_string(), "published 2 on socketio");
    for values in [r#"0,1"#, r#"0,"two",3"#] {
        let data = format!(r#""data": [[{values},{{"_placeholder":true,"num":0}}], "AQI="], "binary": true"#);
        let heard = place.heard();
        assert!(heard.contains(&data), "{heard}");
    }
}

#[test]
fn a_line_that_is_no_json_stops_it_and_those_before_are_published() {
    let mut place = place();
    let failure = place.run(&["--lines", "n"], "1\noops\n3\n").unwrap_err();
    assert_eq!(
        crate::in_one_line(&failure).split(';').next().unwrap(),
        "published 1 on socketio, then this stopped it: line 2 is not JSON"
    );
    assert_eq!(failure.status(), 2);
    assert!(place.heard().contains(r#""data": [1]"#));
}

#[test]
fn more_lines_than_the_queue_holds_wait_for_the_broker_and_none_is_lost() {
    let place = place();
    place.hub.hold(1 << 30);
    let line = format!("\"{}\"\n", "x".repeat(1 << 20));
    let report = place.run(&["--lines", "n"], &line.repeat(40)).unwrap();
    assert_eq!(report.published, Some(40));
}

#[test]
fn a_check_says_who_listens_and_nothing_is_emitted_to_nobody() {
    let place = place();
    assert_eq!(place.run(&["--check"], "").unwrap().to_string(), "1 listens on socketio");
    let report = place.run(&["--check", "say"], "").unwrap();
    assert_eq!(report.to_string(), "1 listens on socketio; published 1 on socketio");

    let alone = Place { emitter: place.emitter.channel("other"), ..place };
    let failure = alone.run(&["--check", "-c", "other", "say"], "").unwrap_err();
    assert_eq!(
        failure.to_string(),
        "nobody listens on other: are there servers, on this channel of this broker?"
    );
    assert_eq!(failure.status(), 3);
    assert_eq!(alone.emitter.health().totals.sent, 0);
}

#[test]
fn a_broker_that_is_away_is_named_with_the_cause() {
    let place = place();
    place.hub.refuse(true);
    let failure = place.run(&["--check", "--timeout=0.1"], "").unwrap_err();
    assert_eq!(
        crate::in_one_line(&failure),
        "who listens cannot be told: there is no link to the broker: the hub refuses connections"
    );
    assert_eq!(failure.status(), 1);
    let failure = place.run(&["--timeout=0.1", "say"], "").unwrap_err();
    assert_eq!(
        crate::in_one_line(&failure),
        "not all of 1 was published: the broker did not take everything in time, 1 frames wait: the hub refuses connections"
    );
    assert_eq!(failure.status(), 1);
}

#[test]
fn a_check_waits_for_a_broker_that_comes() {
    let place = place();
    place.hub.refuse(true);
    std::thread::scope(|scope| {
        let checking = scope.spawn(|| place.run(&["--check", "--timeout=30"], "").unwrap().to_string());
        while place.emitter.health().connected || place.emitter.check().is_ok() {}
        place.hub.refuse(false);
        assert_eq!(checking.join().unwrap(), "1 listens on socketio");
    });
}

/// Lines that do not end, as those of `tail -f`.
struct Endless {
    lines: std::sync::mpsc::Receiver<&'static str>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let line = self.lines.recv_timeout(std::time::Duration::from_secs(20)).expect("nobody asks for more");
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}

#[test]
fn a_broker_that_is_away_is_told_before_the_next_line_is_there() {
    let place = place();
    place.hub.refuse(true);
    let (lines, endless) = std::sync::mpsc::channel();
    lines.send("1\n").unwrap();
    let args = Args::parse_from(["socketio-emit", "memory://h", "--lines", "--timeout=0.1", "n"]);
    let failure = run(&place.emitter, &args, &mut BufReader::new(Endless { lines: endless })).unwrap_err();
    assert!(matches!(failure, Failure::NotPublished { emitted: 1, .. }), "{failure}");
    drop(lines);
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_done() {
    let place = place();
    place.hub.refuse(true);
    for line in [&["say", "hello"][..], &["say", "-f", "/no/such/file"], &["connect"]] {
        let failure = place.run(line, "").unwrap_err();
        assert_eq!(failure.status(), 2, "{failure}");
    }
    assert_eq!(place.emitter.health().queued_frames, 0);
}
