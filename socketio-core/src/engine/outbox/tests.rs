use bytes::Bytes;

use super::super::rope::SHARE_FROM;
use super::*;
use crate::http::Body;
use crate::protocol::frame;

const LIMIT: usize = 100;

fn bounds(limit: usize) -> Bounds {
    Bounds { limit, volatile_first: false, budget: Budget::new(usize::MAX) }
}

fn push(outbox: &Outbox, frames: Frames<'_>, limit: usize) -> Result<(), Refused> {
    outbox.push(frames, Flags::default(), &bounds(limit)).map(|_| ())
}

const VOLATILE: Flags = Flags { volatile: true, uncompressed: false };

fn text(payload: &str) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write(&mut out, frame::Opcode::Text, payload.as_bytes());
    out
}

fn take(outbox: &Outbox) -> Poll<Taken> {
    outbox.poll_frames(0, true, &bounds(LIMIT), &Context::from_waker(Waker::noop()))
}

#[test]
fn what_is_pushed_is_taken_in_one_piece_and_counts_until_it_is_written() {
    let outbox = Outbox::new(Reader::Websocket);
    push(&outbox, Frames::Copied(&text("4a")), LIMIT).unwrap();
    push(&outbox, Frames::Copied(&text("4b")), LIMIT).unwrap();

    let Poll::Ready(Taken::Frames { rope, .. }) = take(&outbox) else { panic!("frames") };
    assert_eq!((rope.count(), rope.len(), outbox.len()), (2, 8, 8));

    assert!(outbox.poll_frames(8, true, &bounds(LIMIT), &Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(outbox.len(), 0);
}

#[test]
fn a_full_queue_closes_the_session_and_says_which_limit() {
    let outbox = Outbox::new(Reader::Websocket);
    push(&outbox, Frames::Copied(&[0x81; 90]), LIMIT).unwrap();
    assert_eq!(push(&outbox, Frames::Copied(&[0x81; 11]), LIMIT), Err(Refused::Full));
    assert_eq!(push(&outbox, Frames::Copied(&[0x81; 1]), LIMIT), Err(Refused::Closed));
    let Poll::Ready(Taken::Close(close, _)) = take(&outbox) else { panic!("close") };
    assert!(close.detail.unwrap().contains("100"));
}

#[test]
fn a_packet_over_the_limit_is_taken_by_an_empty_queue() {
    let outbox = Outbox::new(Reader::Websocket);
    assert_eq!(push(&outbox, Frames::Copied(&[0x81; 500]), LIMIT), Ok(()));
}

#[test]
fn a_ping_that_waits_does_not_keep_out_a_packet_over_the_limit() {
    let outbox = Outbox::new(Reader::Websocket);
    outbox.push_ping(&PING);
    assert_eq!(push(&outbox, Frames::Copied(&[0x81; 500]), LIMIT), Ok(()));
    assert_eq!(push(&outbox, Frames::Copied(&[0x81; 500]), LIMIT), Err(Refused::Full));
}

#[test]
fn large_packets_are_shared_and_keep_their_place() {
    let outbox = Outbox::new(Reader::Websocket);
    let large = Bytes::from(text(&"x".repeat(SHARE_FROM)));
    let limit = 1 << 20;
    push(&outbox, Frames::Copied(&text("1")), limit).unwrap();
    push(&outbox, Frames::Shared(large.clone()), limit).unwrap();
    push(&outbox, Frames::Copied(&text("2")), limit).unwrap();
    let Poll::Ready(Taken::Frames { rope, .. }) = take(&outbox) else { panic!("frames") };
    assert_eq!(rope.parts.len(), 2);
    assert_eq!(rope.parts[1].as_ptr(), large.as_ptr());
    assert_eq!(rope.tail, text("2"));
}

#[test]
fn a_waiting_get_leaves_empty_handed_when_the_upgrade_needs_it() {
    let outbox = Outbox::new(Reader::Polling);
    let cx = Context::from_waker(Waker::noop());
    assert!(outbox.poll_payload(&cx).is_pending());
    outbox.hand_to(Reader::Probing);
    assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Probing)));
    push(&outbox, Frames::Copied(&text("4a")), LIMIT).unwrap();
    outbox.hand_to(Reader::Websocket);
    assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Handed)));
    assert!(matches!(take(&outbox), Poll::Ready(Taken::Frames { .. })));
}

#[test]
fn a_get_takes_no_more_packets_than_pythons_clients_accept_and_the_next_one_the_rest() {
    let outbox = Outbox::new(Reader::Polling);
    let cx = Context::from_waker(Waker::noop());
    for number in 0..40 {
        let frame = text(&format!("4{number}"));
        let frames =
            if number % 3 == 0 { Frames::Shared(Bytes::from(frame)) } else { Frames::Copied(&frame) };
        push(&outbox, frames, 1 << 20).unwrap();
    }
    outbox.close(Close::new(crate::engine::DisconnectReason::ServerShuttingDown));
    let (mut counts, mut all) = (Vec::new(), Vec::new());
    while let Poll::Ready(taken) = outbox.poll_payload(&cx) {
        let (rope, last) = match taken {
            Taken::Frames { rope, .. } => (rope, false),
            Taken::Close(_, rope) => (rope, true),
            other => panic!("{other:?}"),
        };
        counts.push(rope.count());
        rope.parts.iter().for_each(|part| all.extend_from_slice(part));
        all.extend_from_slice(&rope.tail);
        if last {
            break;
        }
    }
    assert_eq!(counts, [15, 15, 10, 0], "the close comes by itself");
    assert_eq!(all, (0..40).flat_map(|number| text(&format!("4{number}"))).collect::<Vec<_>>());
}

#[test]
fn room_comes_when_half_of_the_queue_has_left() {
    let outbox = Outbox::new(Reader::Polling);
    let cx = Context::from_waker(Waker::noop());
    push(&outbox, Frames::Copied(&[0x81; 80]), LIMIT).unwrap();
    assert!(outbox.poll_turn(LIMIT, true, &cx).is_pending());
    assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Frames { .. })));
    assert!(outbox.poll_turn(LIMIT, true, &cx).is_pending());
    outbox.delivered(80, &bounds(LIMIT));
    assert!(outbox.poll_turn(LIMIT, true, &cx).is_ready());
}

#[test]
fn an_answer_on_its_way_is_taken_back_at_the_end_but_not_by_a_shutdown() {
    for (patiently, left) in [(false, 0), (true, 20_000)] {
        let (outbox, bounds) = (Outbox::new(Reader::Polling), bounds(LIMIT));
        outbox.push(Frames::Copied(&[0x81; 20_000]), Flags::default(), &bounds).unwrap();
        let cx = Context::from_waker(Waker::noop());
        assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Frames { .. })));
        let (body, lent) = Body::lent(vec![7; 20_000], Box::new(|_| {}));
        outbox.lend(lent.clone());
        assert!(bounds.budget.total() > 0);
        drop(if patiently { outbox.shut_patiently(&bounds) } else { outbox.shut(&bounds) });
        assert_eq!((outbox.len(), lent.len()), (left, left));
        drop(body);
        outbox.delivered(20_000, &bounds);
        assert_eq!((outbox.len(), bounds.budget.total()), (0, 0));
    }
}

#[test]
fn an_answer_that_comes_after_the_end_is_taken_back_at_once() {
    let (outbox, bounds) = (Outbox::new(Reader::Polling), bounds(LIMIT));
    drop(outbox.shut(&bounds));
    let (_body, lent) = Body::lent(vec![7; 20_000], Box::new(|_| {}));
    outbox.lend(lent.clone());
    assert_eq!(lent.len(), 0);
}

#[test]
fn an_upgrade_under_way_excuses_a_full_queue_but_for_the_next_packet_no_busy_handlers() {
    let outbox = Outbox::new(Reader::Polling);
    let cx = Context::from_waker(Waker::noop());
    push(&outbox, Frames::Copied(&[0x81; 80]), LIMIT).unwrap();
    assert!(outbox.poll_answer(LIMIT, true, &cx).is_pending());
    outbox.hand_to(Reader::Probing);
    assert!(outbox.poll_turn(LIMIT, true, &cx).is_ready());
    assert!(outbox.poll_turn(LIMIT, false, &cx).is_pending());
    assert!(outbox.poll_answer(LIMIT, false, &cx).is_ready());
}

#[test]
fn a_volatile_packet_is_dropped_while_the_stream_is_full_and_taken_again_when_it_is_not() {
    let (outbox, bounds) = (Outbox::new(Reader::Websocket), bounds(LIMIT));
    let cx = Context::from_waker(Waker::noop());
    let push = |text| outbox.push(Frames::Copied(text), VOLATILE, &bounds);
    assert!(push(b"1").is_ok(), "at first nothing is stuck");
    assert!(outbox.poll_frames(0, true, &bounds, &cx).is_ready());
    assert!(outbox.poll_frames(0, false, &bounds, &cx).is_pending());
    assert_eq!(push(b"2"), Err(Refused::Dropped));
    assert!(outbox.push(Frames::Copied(b"3"), Flags::default(), &bounds).is_ok(), "others wait");
    assert!(outbox.poll_frames(1, true, &bounds, &cx).is_ready());
    assert!(push(b"4").is_ok());
}

#[test]
fn a_volatile_packet_needs_a_get_that_waits() {
    let (outbox, bounds) = (Outbox::new(Reader::Polling), bounds(LIMIT));
    let cx = Context::from_waker(Waker::noop());
    let push = || outbox.push(Frames::Copied(&text("4a")), VOLATILE, &bounds);
    assert_eq!(push(), Err(Refused::Dropped));
    assert!(outbox.poll_payload(&cx).is_pending());
    assert!(push().is_ok() && push().is_ok());
    assert!(outbox.poll_payload(&cx).is_ready());
    assert_eq!(push(), Err(Refused::Dropped));
    outbox.hand_to(Reader::Websocket);
    assert!(push().is_ok());
}

#[test]
fn a_volatile_packet_never_costs_the_connection() {
    let (outbox, bounds) = (Outbox::new(Reader::Websocket), bounds(LIMIT));
    push(&outbox, Frames::Copied(&[0x81; 90]), LIMIT).unwrap();
    assert_eq!(outbox.push(Frames::Copied(&[0x81; 11]), VOLATILE, &bounds), Err(Refused::Dropped));
    assert!(outbox.push(Frames::Copied(&[0x81; 10]), Flags::default(), &bounds).is_ok());
}

#[test]
fn volatile_packets_make_room_where_the_policy_says_so_and_nowhere_else() {
    for volatile_first in [false, true] {
        let bounds = Bounds { volatile_first, ..bounds(LIMIT) };
        let outbox = Outbox::new(Reader::Websocket);
        let push = |name: u8, flags| outbox.push(Frames::Copied(&[name; 30]), flags, &bounds);
        push(b'a', VOLATILE).unwrap();
        push(b'b', Flags::default()).unwrap();
        push(b'c', VOLATILE).unwrap();
        let fourth = push(b'd', Flags::default());
        if !volatile_first {
            assert_eq!(fourth, Err(Refused::Full));
            continue;
        }
        assert_eq!((fourth, outbox.displaced()), (Ok(Pushed::Displaced), 1));
        assert_eq!((push(b'e', Flags::default()), outbox.displaced()), (Ok(Pushed::Displaced), 1));
        assert_eq!(outbox.len(), 90);
        assert_eq!(push(b'f', Flags::default()), Err(Refused::Full), "nothing volatile is left");
    }
}

#[test]
fn an_answer_is_compressed_if_one_of_its_packets_may_be() {
    let (outbox, bounds) = (Outbox::new(Reader::Polling), bounds(LIMIT));
    let cx = Context::from_waker(Waker::noop());
    let plain = Flags { uncompressed: true, ..Flags::default() };
    let compressed = |flags: &[Flags]| {
        for &flags in flags {
            outbox.push(Frames::Copied(&text("4a")), flags, &bounds).unwrap();
        }
        match outbox.poll_payload(&cx) {
            Poll::Ready(Taken::Frames { compress, .. }) => compress,
            other => panic!("{other:?}"),
        }
    };
    assert!(!compressed(&[plain]));
    assert!(compressed(&[plain, Flags::default()]));
    assert!(!compressed(&[plain, plain]), "what has left is forgotten");
}

#[test]
fn what_is_large_is_counted_until_it_is_gone() {
    let (outbox, bounds) = (Outbox::new(Reader::Websocket), bounds(1 << 20));
    let cx = Context::from_waker(Waker::noop());
    let pushed = outbox.push(Frames::Copied(&[0x81; 100_000]), Flags::default(), &bounds);
    assert!(pushed == Ok(Pushed::Grew) && bounds.budget.total() >= 100_000);
    assert!(outbox.poll_frames(0, true, &bounds, &cx).is_ready());
    assert!(bounds.budget.total() >= 100_000, "being written it is still here");
    assert!(outbox.poll_frames(100_000, true, &bounds, &cx).is_pending());
    assert_eq!(bounds.budget.total(), 0);

    outbox.push(Frames::Copied(&[0x81; 100_000]), Flags::default(), &bounds).unwrap();
    outbox.shut(&bounds);
    assert_eq!(bounds.budget.total(), 0);
}
