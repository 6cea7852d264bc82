//! The queue of one client: who pushes, who reads, who closes, and who reads next.

use std::future::poll_fn;
use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::thread;

use crate::adapter::Flags;
use crate::client::{bounds, payloads, read_websocket};
use crate::engine::outbox::{Bounds, Outbox, Reader, Refused, Taken};
use crate::engine::{Close, DisconnectReason, Frames, Limit};
use crate::protocol::frame::{self, Opcode};

/// Packets of one sender.
const PACKETS: usize = 3;

pub(crate) fn what_is_pushed_leaves_once_in_order_and_no_reader_sleeps_over_it() {
    let (outbox, bounds) = (Arc::new(Outbox::new(Reader::Websocket)), bounds(1000));
    let senders = ["a", "b"].map(|name| sender(name, &outbox, &bounds));
    let reader = {
        let (outbox, bounds) = (outbox.clone(), bounds.clone());
        thread::spawn(move || block_on(read_websocket(&outbox, &bounds, |read| read.len() == 2 * PACKETS)))
    };
    let pushed = senders.map(|sender| sender.join().unwrap());
    assert_eq!(pushed, [Ok(PACKETS), Ok(PACKETS)]);
    let (read, _) = reader.join().unwrap();
    for name in ["a", "b"] {
        assert_eq!(of(name, &read), (0..PACKETS).collect::<Vec<_>>(), "{read:?}");
    }
    assert!(outbox.close(closing()));
    assert_eq!(block_on(read_websocket(&outbox, &bounds, |_| false)).1.unwrap().reason, closing().reason);
}

pub(crate) fn a_full_queue_ends_the_session_once_and_what_was_taken_leaves() {
    // Room for three packets of four bytes.
    let (outbox, bounds) = (Arc::new(Outbox::new(Reader::Websocket)), bounds(12));
    let senders = ["a", "b"].map(|name| sender(name, &outbox, &bounds));
    let closer = {
        let outbox = outbox.clone();
        thread::spawn(move || outbox.close(closing()))
    };
    let (read, close) = block_on(read_websocket(&outbox, &bounds, |_| false));
    let pushed = senders.map(|sender| sender.join().unwrap());
    let full = pushed.iter().filter(|pushed| matches!(pushed, Err((_, Refused::Full)))).count();
    let closed = closer.join().unwrap();
    assert_eq!(full + usize::from(closed), 1, "{pushed:?}");
    assert_eq!(close.unwrap().reason == closing().reason, closed, "who closed it says why");
    for (name, pushed) in ["a", "b"].into_iter().zip(pushed) {
        let pushed = pushed.unwrap_or_else(|(pushed, _)| pushed);
        assert_eq!(of(name, &read), (0..pushed).collect::<Vec<_>>(), "{read:?}");
    }
    assert_eq!(push(&outbox, &bounds, "a", 9), Err(Refused::Closed));
}

pub(crate) fn a_reader_whose_write_is_stuck_is_told_that_the_queue_is_full() {
    let (outbox, bounds) = (Arc::new(Outbox::new(Reader::Websocket)), bounds(8));
    let sender = sender("a", &outbox, &bounds);
    let close = block_on(async {
        let mut taken = poll_fn(|cx| outbox.poll_frames(0, true, &bounds, cx)).await;
        loop {
            match taken {
                // Not a byte of it leaves, and so nothing more is asked for.
                Taken::Frames { .. } => taken = poll_fn(|cx| outbox.poll_frames(0, false, &bounds, cx)).await,
                Taken::Close(close, _) => return close,
                other => panic!("{other:?}"),
            }
        }
    });
    assert_eq!(sender.join().unwrap(), Err((2, Refused::Full)));
    assert_eq!(close.limit, Some(Limit::Outgoing));
}

pub(crate) fn an_upgrade_swaps_the_reader_and_frames_leave_in_order_through_one_of_them() {
    let (outbox, bounds) = (Arc::new(Outbox::new(Reader::Polling)), bounds(1000));
    let sender = sender("a", &outbox, &bounds);
    let polling = {
        let (outbox, bounds) = (outbox.clone(), bounds.clone());
        thread::spawn(move || block_on(poll(&outbox, &bounds)))
    };
    outbox.hand_to(Reader::Probing);
    outbox.hand_to(Reader::Websocket);
    let polled = polling.join().unwrap();
    let rest = PACKETS - polled.len();
    let (read, _) = block_on(read_websocket(&outbox, &bounds, |read| read.len() == rest));
    sender.join().unwrap().unwrap();
    let all = [polled, read].concat();
    assert_eq!(of("a", &all), (0..PACKETS).collect::<Vec<_>>(), "{all:?}");
}

pub(crate) fn a_post_that_waits_for_room_goes_on_when_there_is_some_or_never_can_be() {
    for way in 0..4 {
        let (outbox, bounds) = (Arc::new(Outbox::new(Reader::Polling)), bounds(8));
        for number in 0..2 {
            push(&outbox, &bounds, "a", number).unwrap();
        }
        let post = {
            let outbox = outbox.clone();
            thread::spawn(move || block_on(poll_fn(|cx| outbox.poll_turn(8, true, cx))))
        };
        match way {
            // Its answer leaves; before that it is in flight, which is no room.
            0 => match block_on(poll_fn(|cx| outbox.poll_payload(cx))) {
                Taken::Frames { rope, .. } => outbox.delivered(rope.len(), &bounds),
                other => panic!("{other:?}"),
            },
            1 => assert!(outbox.close(closing())),
            2 => outbox.hand_to(Reader::Probing),
            _ => drop(outbox.shut(&bounds)),
        }
        post.join().unwrap();
    }
}

/// GETs, one after the other, until one comes back with nothing, for the sake of the upgrade; what they took.
async fn poll(outbox: &Outbox, bounds: &Bounds) -> Vec<String> {
    let mut polled = Vec::new();
    loop {
        match poll_fn(|cx| outbox.poll_payload(cx)).await {
            Taken::Frames { rope, .. } => {
                polled.extend(payloads(&rope));
                outbox.delivered(rope.len(), bounds);
            }
            Taken::Probing | Taken::Handed => return polled,
            other => panic!("{other:?}"),
        }
    }
}

type Pushing = thread::JoinHandle<Result<usize, (usize, Refused)>>;

/// Pushes its packets until one is refused; how many were taken.
fn sender(name: &'static str, outbox: &Arc<Outbox>, bounds: &Arc<Bounds>) -> Pushing {
    let (outbox, bounds) = (outbox.clone(), bounds.clone());
    thread::spawn(move || {
        for number in 0..PACKETS {
            push(&outbox, &bounds, name, number).map_err(|refused| (number, refused))?;
        }
        Ok(PACKETS)
    })
}

fn push(outbox: &Outbox, bounds: &Bounds, name: &str, number: usize) -> Result<(), Refused> {
    let mut packet = Vec::new();
    frame::write(&mut packet, Opcode::Text, format!("{name}{number}").as_bytes());
    outbox.push(Frames::Copied(&packet), Flags::default(), bounds).map(|_| ())
}

/// The numbers of one sender's packets.
fn of(name: &str, read: &[String]) -> Vec<usize> {
    read.iter().filter_map(|packet| packet.strip_prefix(name)?.parse().ok()).collect()
}

fn closing() -> Close {
    Close::new(DisconnectReason::ServerShuttingDown)
}
