//! A broker that is short of memory.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use socketio_core::adapter::broker::Broker;

use super::fixture::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_is_short_of_memory_publishing_waits_and_listening_goes_on() {
    let this = "amqp::blocked::while_the_broker_is_short_of_memory_publishing_waits_and_listening_goes_on";
    if alone_with_a_broker(this).is_some() {
        return;
    }
    let channel = unique("blocked");
    let broker = Arc::new(connect(&options().prefetch(10)).await);
    let mut feed = subscribe(&broker, &channel).await;
    publish(&broker, &frames(&channel, 0..100)).await;

    administer(&["set_vm_memory_high_watermark", "0"]);
    // A connection is blocked when it publishes again.
    let (published, enough) = (Arc::new(AtomicUsize::new(100)), Arc::new(AtomicBool::new(false)));
    let publishing = tokio::spawn({
        let (broker, published, enough) = (broker.clone(), published.clone(), enough.clone());
        async move {
            while !enough.load(SeqCst) {
                let next = published.load(SeqCst);
                broker.publish(&frames(&channel, [next])).await.expect("it is published");
                published.store(next + 1, SeqCst);
            }
        }
    });
    until(|| async { broker.blocked().now() }).await;
    // More than come without an acknowledgement.
    assert_eq!(take(&mut feed, 100).await, texts(0..100));
    assert!(broker.blocked().now());

    let before = published.load(SeqCst);
    administer(&["set_vm_memory_high_watermark", "0.4"]);
    until(|| async { published.load(SeqCst) > before + 1 }).await;
    enough.store(true, SeqCst);
    within(publishing).await.expect("it does not panic");
    let all = published.load(SeqCst);
    assert_eq!(take(&mut feed, all - 100).await, texts(100..all));
    assert!(!broker.blocked().now());
}

fn texts(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// What an administrator of the broker says.
fn administer(words: &[&str]) {
    let done = Command::new(SCRIPT).arg("rabbitmqctl").args(words).status().expect("it runs");
    assert!(done.success(), "{words:?}: {done}");
}
