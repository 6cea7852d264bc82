//! A link of which only one half fails.

use std::str::FromStr;

use integration_tests::cluster::{Member, Node};
use integration_tests::wait::{until, within};
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Channel, Frame, PublishError};
use socketio_core::adapter::memory::{Memory, MemoryError, MemoryFeed, MemoryHub};
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_published_to_its_end_when_the_feed_breaks_and_not_again() {
    let hub = MemoryHub::named(&Sid::generate());
    let options = TwoLines { hub: hub.clone(), confirms: watch::Sender::new(true) };
    let node = Node::<TwoConnections>::start(options.clone(), "socketio").await;
    let other = Node::<Memory>::start(hub.options(), "socketio").await;
    let mut member = Member::connect(other.running.port).await;

    options.confirms.send_replace(false);
    node.io().emit("one", ()).unwrap();
    member.got(&[r#"42["one"]"#]).await;
    hub.line("reading").cut();
    node.io().emit("two", ()).unwrap();
    options.confirms.send_replace(true);
    member.got(&[r#"42["two"]"#]).await;
    until("the node to be back", || {
        let health = node.adapter.health();
        if health.subscribed && health.queued_frames == 0 { Ok(()) } else { Err(health) }
    })
    .await;
    assert_eq!(other.adapter.health().frames_repeated, 0);
}

/// A broker with a connection for each direction, and confirmations that can be held back.
#[derive(Debug)]
struct TwoConnections {
    reading: Memory,
    writing: Memory,
    confirms: watch::Receiver<bool>,
}

#[derive(Clone, Debug)]
struct TwoLines {
    hub: MemoryHub,
    confirms: watch::Sender<bool>,
}

impl Broker for TwoConnections {
    type Options = TwoLines;
    type Error = MemoryError;
    type Feed = MemoryFeed<false>;

    const KEEPS: bool = false;

    async fn connect(options: &TwoLines, node: &str) -> Result<Self, MemoryError> {
        Ok(TwoConnections {
            reading: Memory::connect(&options.hub.line("reading").options(), node).await?,
            writing: Memory::connect(&options.hub.line("writing").options(), node).await?,
            confirms: options.confirms.subscribe(),
        })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<MemoryError>> {
        self.writing.publish(frames).await?;
        let mut confirms = self.confirms.clone();
        let confirmed = within("the confirmation", confirms.wait_for(|confirms| *confirms)).await;
        confirmed.expect("the test goes on");
        Ok(())
    }

    async fn subscribe(
        &self,
        channels: &[Channel],
        _: Option<&u64>,
    ) -> Result<MemoryFeed<false>, MemoryError> {
        self.reading.subscribe(channels, None).await
    }
}

impl FromStr for TwoLines {
    type Err = MemoryError;

    fn from_str(_: &str) -> Result<Self, MemoryError> {
        Err(MemoryError::Refused)
    }
}
