//! The switches of a hub; what every broker does is in `tests/contract.rs`.

use std::future::Future;
use std::pin::pin;
use std::task::Waker;

use futures_core::Stream as _;

use super::*;

#[test]
fn a_url_names_the_hub_and_a_line() {
    for (url, shown) in [
        ("memory://urls", "memory://urls/"),
        ("memory://urls/", "memory://urls/"),
        ("memory://urls/a", "memory://urls/a"),
    ] {
        let options: MemoryOptions = url.parse().unwrap();
        assert_eq!(format!("{options:?}"), shown);
    }
}

#[test]
fn a_url_of_another_kind_is_refused_without_being_repeated() {
    for url in [
        "",
        "urls",
        "memory:urls",
        "memory://",
        "memory:///a",
        "memory://urls/a/b",
        "memory://urls?a=b",
        "memory://user:secret@urls",
        "redis://user:secret@localhost",
    ] {
        let error = url.parse::<MemoryOptions>().unwrap_err();
        assert_eq!(error, MemoryError::Url, "{url}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn a_hub_is_shared_by_its_name_and_gone_with_its_last_user() {
    let hub = MemoryHub::named("shared");
    let mut feed = feed(&connect::<false>(&hub.options()));
    publish(&connect::<false>(&"memory://shared/b".parse().unwrap()), &["hello"]).unwrap();
    assert_eq!(next(&mut feed), Some(Ok("hello".into())));

    assert_eq!(hub.hub.lock().end(), 1);
    drop((hub, feed));
    assert_eq!(MemoryHub::named("shared").hub.lock().end(), 0);
}

#[test]
fn a_cut_ends_the_connections_of_one_line_and_no_other() {
    let hub = MemoryHub::named("cut");
    let [a, b] = ["a", "b"].map(|line| connect::<false>(&hub.line(line).options()));
    let (mut of_a, mut of_b) = (feed(&a), feed(&b));
    publish(&b, &["1"]).unwrap();

    hub.line("a").cut();
    assert_eq!(next(&mut of_a), Some(Err(MemoryError::Cut)));
    assert!(matches!(poll(&mut of_a), Poll::Ready(None)));
    assert_eq!(publish(&a, &["2"]), Err((0, MemoryError::Cut)));
    assert_eq!(now(b.subscriber_count("c")), Some(Ok(Some(1))));
    publish(&b, &["3"]).unwrap();
    publish(&connect::<false>(&hub.line("a").options()), &["4"]).unwrap();
    assert_eq!(heard(&mut of_b), ["1", "3", "4"]);

    hub.cut();
    assert_eq!(next(&mut of_b), Some(Err(MemoryError::Cut)));
}

#[test]
fn a_cut_behind_a_frame_leaves_the_frames_before_it() {
    let hub = MemoryHub::named("cut after");
    let mut other = feed(&connect::<true>(&hub.line("other").options()));
    let line = hub.line("a");

    line.cut_after(3, usize::MAX);
    let broker = connect::<true>(&line.options());
    publish(&broker, &["1"]).unwrap();
    assert_eq!(publish(&broker, &["2", "3", "4"]), Err((2, MemoryError::Cut)));
    assert_eq!(publish(&broker, &["4"]), Err((0, MemoryError::Cut)));

    line.cut_after(2, 1);
    let broker = connect::<true>(&line.options());
    assert_eq!(publish(&broker, &["4", "5", "6"]), Err((1, MemoryError::Cut)));
    assert_eq!(heard(&mut other), ["1", "2", "3", "4", "5"]);
}

#[test]
fn a_line_that_refuses_lets_nobody_in_and_keeps_who_is_in() {
    let hub = MemoryHub::named("refuse");
    let broker = connect::<false>(&hub.options());

    hub.refuse(true);
    assert_eq!(refusal(&hub.options()), Some(MemoryError::Refused));
    publish(&broker, &["1"]).unwrap();

    hub.refuse(false);
    assert_eq!(refusal(&hub.options()), None);
}

#[tokio::test]
async fn what_hangs_goes_on_afterwards_or_is_cut() {
    let hub = MemoryHub::named("hang");
    let broker = Arc::new(connect::<false>(&hub.options()));
    let mut feed = feed(&broker);

    hub.hang(true);
    let publishing = tokio::spawn({
        let broker = broker.clone();
        async move { broker.publish(&[frame("1")]).await }
    });
    let options = hub.options();
    let connecting = tokio::spawn(async move { Memory::connect(&options, "node").await.map(drop) });
    tokio::task::yield_now().await;
    assert!(!publishing.is_finished() && !connecting.is_finished());
    assert!(now(broker.subscribe(&[Channel::Exact("c".into())], None)).is_none());
    assert!(now(broker.subscriber_count("c")).is_none());
    assert_eq!(next(&mut feed), None);

    hub.hang(false);
    publishing.await.unwrap().unwrap();
    connecting.await.unwrap().unwrap();
    assert_eq!(next(&mut feed), Some(Ok("1".into())));

    hub.hang(true);
    let publishing = tokio::spawn(async move { broker.publish(&[frame("2")]).await });
    tokio::task::yield_now().await;
    hub.cut();
    let error = publishing.await.unwrap().unwrap_err();
    assert_eq!((error.sent, error.source), (0, MemoryError::Cut));
}

#[test]
fn a_paused_line_hears_afterwards_what_was_published() {
    let hub = MemoryHub::named("pause");
    let [a, b] = ["a", "b"].map(|line| connect::<false>(&hub.line(line).options()));
    let (mut of_a, mut of_b) = (feed(&a), feed(&b));

    hub.line("a").pause(true);
    publish(&a, &["1", "2"]).unwrap();
    assert_eq!(heard(&mut of_a), [""; 0]);
    assert_eq!(heard(&mut of_b), ["1", "2"]);

    hub.line("a").pause(false);
    assert_eq!(heard(&mut of_a), ["1", "2"]);
}

#[test]
fn a_feed_that_is_too_slow_loses_its_link_and_goes_on_with_the_oldest_frame_held() {
    let hub = MemoryHub::named("slow");
    let broker = connect::<true>(&hub.options());
    let (mut slow, mut quick) = (feed(&broker), feed(&broker));

    hub.hold(3 * (size_of::<Frame>() + "c".len() + "1".len()));
    publish(&broker, &["1", "2", "3"]).unwrap();
    assert_eq!(heard(&mut quick), ["1", "2", "3"]);
    publish(&broker, &["4", "5"]).unwrap();
    assert_eq!(heard(&mut quick), ["4", "5"]);
    assert_eq!(next(&mut slow), Some(Err(MemoryError::Behind(2))));
    assert!(matches!(poll(&mut slow), Poll::Ready(None)));

    let cursor = slow.cursor().unwrap();
    let mut again = now(broker.subscribe(&[Channel::Exact("c".into())], Some(&cursor))).unwrap().unwrap();
    assert_eq!(heard(&mut again), ["3", "4", "5"]);

    hub.hold(0);
    publish(&broker, &["6", "7"]).unwrap();
    assert_eq!(hub.hub.lock().first(), 6, "the newest frame is held whatever its size");
}

fn connect<const KEEPS: bool>(options: &MemoryOptions) -> MemoryBroker<KEEPS> {
    now(MemoryBroker::connect(options, "node")).unwrap().unwrap()
}

fn refusal(options: &MemoryOptions) -> Option<MemoryError> {
    now(Memory::connect(options, "node")).unwrap().err()
}

fn feed<const KEEPS: bool>(broker: &MemoryBroker<KEEPS>) -> MemoryFeed<KEEPS> {
    now(broker.subscribe(&[Channel::Exact("c".into())], None)).unwrap().unwrap()
}

fn publish<const KEEPS: bool>(
    broker: &MemoryBroker<KEEPS>,
    payloads: &[&'static str],
) -> Result<(), (usize, MemoryError)> {
    let frames: Vec<Frame> = payloads.iter().map(|payload| frame(payload)).collect();
    now(broker.publish(&frames)).unwrap().map_err(|error| (error.sent, error.source))
}

fn frame(payload: &'static str) -> Frame {
    Frame { channel: "c".into(), payload: payload.into() }
}

fn heard<const KEEPS: bool>(feed: &mut MemoryFeed<KEEPS>) -> Vec<String> {
    std::iter::from_fn(|| next(feed)).map(Result::unwrap).collect()
}

/// The next payload, if it is there.
fn next<const KEEPS: bool>(feed: &mut MemoryFeed<KEEPS>) -> Option<Result<String, MemoryError>> {
    match poll(feed) {
        Poll::Pending => None,
        Poll::Ready(next) => {
            let text = |frame: Frame| String::from_utf8(frame.payload.into()).unwrap();
            Some(next.expect("the feed has ended").map(text))
        }
    }
}

fn poll<const KEEPS: bool>(feed: &mut MemoryFeed<KEEPS>) -> Poll<Option<Result<Frame, MemoryError>>> {
    Pin::new(feed).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// What `work` comes to, if it need not wait.
fn now<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
