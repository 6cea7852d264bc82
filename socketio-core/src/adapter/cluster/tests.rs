use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::ClusterAdapter;
use crate::adapter::memory::{Memory, MemoryHub};
use crate::{Server, Sid};

async fn node(hub: &MemoryHub) -> (Server, ClusterAdapter<Memory>) {
    let adapter = ClusterAdapter::<Memory>::with_options(hub.options());
    let io = Server::builder().manager(adapter.clone()).build().unwrap();
    adapter.ready().await;
    (io, adapter)
}

#[tokio::test(start_paused = true)]
async fn while_a_broker_asks_to_wait_links_members_and_queue_stay_as_they_are() {
    let hub = MemoryHub::named(&Sid::generate());
    let ((io, a), (_io, b)) = (node(&hub).await, node(&hub).await);
    while [&a, &b].iter().any(|node| node.health().members < 1) {
        sleep(Duration::from_millis(10)).await;
    }
    hub.block(true);
    io.emit("held", ()).unwrap();
    let begin = Instant::now();
    // Longer than anything else is waited for, and less than frames wait at most.
    while begin.elapsed() < Duration::from_secs(50) {
        for node in [&a, &b] {
            assert!(node.health().subscribed && node.health().members == 1, "{:?}", node.health());
        }
        sleep(Duration::from_millis(10)).await;
    }
    assert!(a.health().queued_frames > 0);
    let before = b.health().frames_received;
    hub.block(false);
    assert!(a.flush(Duration::from_secs(2)).await);
    sleep(Duration::from_secs(20)).await;
    for node in [&a, &b] {
        let health = node.health();
        assert!(health.subscribed && health.members == 1 && health.frames_missed == 0, "{health:?}");
    }
    assert!(b.health().frames_received > before);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_nobody_waits_for_a_node_that_says_goodbye() {
    let hub = MemoryHub::named(&Sid::generate());
    let ((_here, a), (_there, b)) = (node(&hub).await, node(&hub).await);
    while a.health().members < 1 {
        sleep(Duration::from_millis(10)).await;
    }
    let [here, there] = [&a, &b].map(|node| node.cluster());
    here.link_down(&std::io::Error::other("cut"));
    here.link_up();
    assert!(!here.all_are_back());
    here.receive(&there.bye());
    assert!(here.all_are_back());
}
