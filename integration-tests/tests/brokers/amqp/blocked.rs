//! A broker that is short of memory.

use std::process::Command;
use std::sync::Arc;

use socketio_core::adapter::broker::Broker;

use super::fixture::*;

#[tokio::test]
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
    let held = frames(&channel, 100..101);
    let publishing = tokio::spawn({
        let broker = broker.clone();
        async move { broker.publish(&held).await }
    });
    until(|| async { broker.blocked().now() }).await;
    // More than come without an acknowledgement.
    assert_eq!(take(&mut feed, 100).await, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(!publishing.is_finished());

    administer(&["set_vm_memory_high_watermark", "0.4"]);
    within(publishing).await.expect("it does not panic").expect("it is published");
    assert_eq!(take(&mut feed, 1).await, ["100"]);
    assert!(!broker.blocked().now());
}

/// What an administrator of the broker says.
fn administer(words: &[&str]) {
    let done = Command::new(SCRIPT).arg("rabbitmqctl").args(words).status().expect("it runs");
    assert!(done.success(), "{words:?}: {done}");
}
