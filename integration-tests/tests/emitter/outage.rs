//! An emitter whose broker is away, by a line that a test can cut.

use std::time::Duration;

use integration_tests::cluster::{Nodes, PATIENCE};
use integration_tests::log::Log;
use socketio_core::Sid;
use socketio_core::adapter::memory::{Memory, MemoryHub};
use socketio_emitter::{Emitter, PublisherError, blocking};
use tracing::Level;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_emitted_while_the_broker_is_away_arrives_in_order_when_it_is_back() {
    let hub = MemoryHub::named(&Sid::generate());
    let nodes = Nodes::<Memory>::start(&hub.options(), 2).await;
    let mut clients = nodes.clients().await;
    let line = hub.line("emitter");
    let emitter = Emitter::<Memory>::with_options(line.options()).channel(&nodes.channel);
    emitter.emit("n", 0).unwrap();
    emitter.flush(PATIENCE).await.unwrap();
    line.refuse(true);
    line.cut();
    for number in 1..50 {
        assert_eq!(emitter.emit("n", number).unwrap().displaced, 0);
    }
    let late = emitter.flush(Duration::from_millis(1)).await.unwrap_err();
    assert!(matches!(late, PublisherError::Late { waiting: 49, .. }), "{late:?}");
    line.refuse(false);
    emitter.flush(PATIENCE).await.unwrap();
    for member in &mut clients {
        for number in 0..50 {
            member.got(&[&format!(r#"42["n",{number}]"#)]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_drops_the_oldest_and_every_receipt_says_how_many() {
    let hub = MemoryHub::named(&Sid::generate());
    let nodes = Nodes::<Memory>::start(&hub.options(), 1).await;
    let mut clients = nodes.clients().await;
    let line = hub.line("emitter");
    line.refuse(true);
    let emitter = Emitter::<Memory>::with_options(line.options()).channel(&nodes.channel).max_queued(3000);
    let text = "x".repeat(700);
    let (log, _guard) = Log::of_thread(Level::ERROR);
    let displaced: Vec<u64> =
        (0..5).map(|number| emitter.emit("n", (number, &text)).unwrap().displaced).collect();
    assert_eq!(displaced, [0, 0, 0, 1, 1]);
    let lines = log.lines_with("the queue to the other nodes is full");
    assert!(lines.len() == 1 && lines[0].contains("displaced=1"), "{lines:?}");
    line.refuse(false);
    let totals = emitter.flush(PATIENCE).await.unwrap();
    assert_eq!((totals.sent, totals.dropped), (3, 2));
    for number in 2..5 {
        clients[0].got(&[&format!(r#"42["n",{number},"{text}"]"#)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_that_is_dropped_leaves_its_emits_to_be_published() {
    let hub = MemoryHub::named(&Sid::generate());
    let nodes = Nodes::<Memory>::start(&hub.options(), 1).await;
    let mut clients = nodes.clients().await;
    Emitter::<Memory>::with_options(hub.options()).channel(&nodes.channel).emit("async", ()).unwrap();
    clients[0].got(&[r#"42["async"]"#]).await;
    blocking::Emitter::<Memory>::with_options(hub.options())
        .channel(&nodes.channel)
        .emit("blocking", ())
        .unwrap();
    clients[0].got(&[r#"42["blocking"]"#]).await;
}

#[test]
fn an_emitter_outlives_the_runtime_that_it_was_first_used_in() {
    let hub = MemoryHub::named(&Sid::generate());
    let emitter = Emitter::<Memory>::with_options(hub.options());
    let refused = emitter.emit("outside", ()).unwrap_err();
    assert!(refused.to_string().contains("no Tokio runtime"), "{refused}");
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            emitter.emit("inside", ()).unwrap();
            emitter.flush(PATIENCE).await.unwrap();
        });
    }
    assert_eq!(emitter.health().totals.sent, 2);
}

#[tokio::test]
#[should_panic(expected = "within a runtime")]
async fn the_blocking_one_does_not_stop_a_thread_of_async_tasks() {
    let hub = MemoryHub::named(&Sid::generate());
    let emitter = blocking::Emitter::<Memory>::with_options(hub.options());
    emitter.emit("to emit never waits", ()).unwrap();
    let _ = emitter.flush(PATIENCE);
}
