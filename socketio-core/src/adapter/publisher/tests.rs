use super::*;
use crate::Sid;
use crate::adapter::Broadcast;
use crate::adapter::broker::{Channel, Frame};
use crate::adapter::memory::{Memory, MemoryFeed, MemoryHub, MemoryOptions};

const PATIENT: Duration = Duration::from_secs(20);

fn hub() -> MemoryHub {
    MemoryHub::named(&Sid::generate())
}

async fn listen(options: &MemoryOptions) -> (Memory, MemoryFeed<false>) {
    let broker = Memory::connect(options, "listener").await.unwrap();
    let feed = broker.subscribe(&[Channel::Exact(DEFAULT_CHANNEL.into())], None).await.unwrap();
    (broker, feed)
}

async fn next(feed: &mut MemoryFeed<false>) -> String {
    use futures_core::Stream;
    let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *feed).poll_next(cx));
    let Frame { payload, .. } = timeout(PATIENT, next).await.expect("a frame").unwrap().unwrap();
    String::from_utf8(payload.to_vec()).unwrap()
}

fn everyone(publisher: &Arc<Publisher<Memory>>) -> Broadcast<Publisher<Memory>> {
    Broadcast::everyone(publisher.clone(), "/")
}

#[tokio::test]
async fn what_is_dispatched_before_the_link_is_up_is_published_in_order_and_counted() {
    let hub = hub();
    let (_broker, mut feed) = listen(&hub.options()).await;
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()));
    everyone(&publisher).to("a").emit("one", (1, "x")).unwrap();
    everyone(&publisher).to(["a", "b"]).except("c").join("d").unwrap();
    assert_eq!(publisher.health().queued_frames, 2);
    tokio::spawn(publisher.run());
    let totals = publisher.flush(PATIENT).await.unwrap();
    assert_eq!(totals, Totals { sent: 2, dropped: 0 });
    let id = publisher.id();
    assert_eq!(
        next(&mut feed).await,
        format!(
            r#"{{"method": "emit", "event": "one", "data": [1,"x"], "binary": false, "namespace": "/", "room": "a", "skip_sid": null, "callback": null, "host_id": "{id}", "seq": 1}}"#
        )
    );
    assert_eq!(
        next(&mut feed).await,
        format!(
            r#"{{"method": "cluster_join", "v": 1, "namespace": "/", "to": ["a", "b"], "except": ["c"], "rooms": ["d"], "host_id": "{id}", "seq": 2}}"#
        )
    );
}

#[tokio::test]
async fn a_publisher_that_is_dropped_publishes_what_is_left_and_its_link_ends() {
    let hub = hub();
    let (_broker, mut feed) = listen(&hub.options()).await;
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()));
    let link = publisher.run();
    everyone(&publisher).emit("last", ()).unwrap();
    drop(publisher);
    timeout(PATIENT, link).await.unwrap();
    assert!(next(&mut feed).await.contains(r#""last""#));
}

#[tokio::test]
async fn where_the_link_is_dropped_there_is_none_and_another_goes_on() {
    let publisher = Publisher::<Memory>::with_options(hub().options());
    let none = async || matches!(publisher.check().await, Err(PublisherError::NoLink(None)));
    let link = tokio::spawn(publisher.run());
    publisher.ready().await;
    link.abort();
    assert!(link.await.unwrap_err().is_cancelled());
    assert!(!publisher.health().connected);
    assert!(none().await);
    drop(publisher.run());
    assert!(timeout(PATIENT, none()).await.unwrap(), "one that never began");
    tokio::spawn(publisher.run());
    assert_eq!(publisher.check().await.unwrap(), Listeners::Count(0));
}

#[tokio::test]
async fn who_listens_is_asked_of_the_broker_and_nobody_listens_because_of_it() {
    let hub = hub();
    let publisher = Publisher::<Memory>::with_options(hub.options());
    tokio::spawn(publisher.run());
    assert_eq!(publisher.check().await.unwrap(), Listeners::Count(0));
    let _listening = listen(&hub.options()).await;
    assert_eq!(publisher.check().await.unwrap(), Listeners::Count(1));
}

#[tokio::test]
async fn a_broker_that_refuses_is_the_cause_that_check_and_flush_name() {
    let hub = hub();
    hub.refuse(true);
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()));
    tokio::spawn(publisher.run());
    let error = publisher.check().await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "the hub refuses connections");
    everyone(&publisher).emit("held", ()).unwrap();
    let error = publisher.flush(Duration::ZERO).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker did not take everything in time, 1 frames wait");
    assert_eq!(error.source().unwrap().to_string(), "the hub refuses connections");
    hub.refuse(false);
    publisher.flush(PATIENT).await.unwrap();
}

#[tokio::test]
async fn a_full_queue_drops_the_oldest_and_the_receipt_and_flush_say_so() {
    let hub = hub();
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()).max_queued(500));
    assert_eq!(everyone(&publisher).emit("a", "x".repeat(100)).unwrap().displaced, 0);
    assert_eq!(everyone(&publisher).emit("b", "x".repeat(100)).unwrap().displaced, 1);
    tokio::spawn(publisher.run());
    assert_eq!(publisher.flush(PATIENT).await.unwrap(), Totals { sent: 1, dropped: 1 });
}

#[tokio::test]
async fn a_frame_over_the_limit_of_the_broker_is_an_error_of_its_own_and_uses_up_no_number() {
    let hub = hub();
    let (_broker, mut feed) = listen(&hub.options()).await;
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options().frame_limit(1000)));
    let error = everyone(&publisher).emit("big", "x".repeat(1000)).unwrap_err();
    assert!(error.to_string().ends_with("too large for the broker, which takes 1000"), "{error}");
    everyone(&publisher).emit("small", ()).unwrap();
    tokio::spawn(publisher.run());
    assert_eq!(publisher.flush(PATIENT).await.unwrap(), Totals { sent: 1, dropped: 0 });
    let small = next(&mut feed).await;
    assert!(small.ends_with(r#""seq": 1}"#), "{small}");
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_asks_to_wait_is_waited_for_and_the_link_stays() {
    let hub = hub();
    let (_broker, mut feed) = listen(&hub.options()).await;
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()));
    tokio::spawn(publisher.run());
    publisher.ready().await;
    hub.block(true);
    everyone(&publisher).emit("held", ()).unwrap();
    let error = publisher.flush(Duration::from_secs(50)).await.unwrap_err();
    assert!(matches!(error, PublisherError::Late { waiting: 1, .. }), "{error:?}");
    assert!(error.source().unwrap().to_string().contains("short of memory"), "{error:?}");
    assert!(publisher.health().connected);
    hub.block(false);
    assert_eq!(publisher.flush(Duration::from_secs(1)).await.unwrap(), Totals { sent: 1, dropped: 0 });
    assert!(next(&mut feed).await.contains(r#""held""#));
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_publishes_wait_for_as_many_as_listened_before() {
    let hub = hub();
    let (_broker, _feed) = listen(&hub.options()).await;
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()));
    tokio::spawn(publisher.run());
    everyone(&publisher).emit("before", ()).unwrap();
    publisher.flush(PATIENT).await.unwrap();

    hub.cut();
    everyone(&publisher).emit("held", ()).unwrap();
    let error = publisher.flush(Duration::from_secs(3)).await.unwrap_err();
    assert!(matches!(error, PublisherError::Late { waiting: 1, .. }), "{error:?}");
    let (_broker, mut feed) = listen(&hub.options()).await;
    publisher.flush(PATIENT).await.unwrap();
    assert!(next(&mut feed).await.contains(r#""held""#));
}

#[tokio::test(start_paused = true)]
async fn listeners_that_do_not_come_back_are_not_waited_for_longer_than_6_s() {
    let hub = hub();
    let listening = listen(&hub.options()).await;
    let publisher = Arc::new(Publisher::<Memory>::with_options(hub.options()));
    tokio::spawn(publisher.run());
    everyone(&publisher).emit("before", ()).unwrap();
    publisher.flush(PATIENT).await.unwrap();

    hub.cut();
    drop(listening);
    everyone(&publisher).emit("held", ()).unwrap();
    let cut = tokio::time::Instant::now();
    publisher.flush(PATIENT).await.unwrap();
    let waited = cut.elapsed();
    assert!(waited >= audience::RETURN && waited < audience::RETURN + Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn behind_a_link_that_was_silent_who_is_counted_may_be_dead() {
    let hub = hub();
    let _dead = listen(&hub.options()).await;
    let line = hub.line("publisher");
    let publisher = Arc::new(Publisher::<Memory>::with_options(line.options()));
    tokio::spawn(publisher.run());
    everyone(&publisher).emit("before", ()).unwrap();
    publisher.flush(PATIENT).await.unwrap();

    line.hang(true);
    everyone(&publisher).emit("held", ()).unwrap();
    publisher.flush(PATIENCE + Duration::from_secs(1)).await.unwrap_err();
    assert!(!publisher.health().connected);
    line.hang(false);
    publisher.flush(Duration::from_secs(3)).await.unwrap_err();
    let (_broker, mut feed) = listen(&hub.options()).await;
    publisher.flush(PATIENT).await.unwrap();
    assert!(next(&mut feed).await.contains(r#""held""#));
}
