//! Links that are cut, and links that are half open: through a proxy that stands where the broker says it is.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use rdkafka::mocking::MockCluster;
use socketio_core::adapter::broker::Broker;
use socketio_core::adapter::contract;
use socketio_kafka::{Kafka, KafkaOptions};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{MutexGuard, watch};
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::Instant;

use crate::support::*;

#[tokio::test]
async fn kafka_says_when_its_link_is_cut() {
    let proxy = Proxy::start().await;
    contract::run_cut::<Kafka>(proxy.options(), async || proxy.cut()).await;
}

#[tokio::test]
async fn a_half_open_link_is_noticed_within_15_seconds() {
    let proxy = Proxy::start().await;
    let channel = channel();
    let kafka = connect(&proxy.options()).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..3)).await;
    assert_eq!(heard(&mut feed, 3).await, numbers(0..3));

    let start = Instant::now();
    proxy.freeze();
    let published = async {
        let error =
            soon("publishing", kafka.publish(&[frame(&channel, "lost")])).await.expect_err("half open");
        assert_eq!(error.sent, 0);
        (start.elapsed(), error.source.to_string())
    };
    let ended = async {
        (
            soon("the feed", feed.next()).await.expect("an error").expect_err("half open").to_string(),
            start.elapsed(),
        )
    };
    let (published, ended) = tokio::join!(published, ended);
    assert!(published.0.max(ended.1) < Duration::from_secs(15), "{published:?} {ended:?}");

    let error = soon("connecting", Kafka::connect(&proxy.options(), "node")).await;
    error.expect_err("silent");
    assert!(start.elapsed() < Duration::from_secs(25), "a new connection is given up in time, too");
}

#[tokio::test]
async fn one_broker_of_three_that_goes_is_no_lost_link() {
    let cluster = MockCluster::new(3).expect("brokers in this process");
    let options = KafkaOptions::brokers(cluster.bootstrap_servers().split(',')).expect("brokers");
    let channel = channel();
    cluster.create_topic(&channel, 1, 3).expect("a topic");
    cluster.partition_leader(&channel, 0, Some(1)).expect("a leader");
    let kafka = connect(&options).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..10)).await;
    assert_eq!(heard(&mut feed, 10).await, numbers(0..10));

    cluster.broker_down(1).expect("gone");
    cluster.partition_leader(&channel, 0, Some(2)).expect("another leader");
    publish(&kafka, &channel, numbers(10..20)).await;
    assert_eq!(heard(&mut feed, 10).await, numbers(10..20));
}

/// There is one address that the broker takes for its own.
static ADDRESS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Proxy {
    links: Arc<Mutex<JoinSet<()>>>,
    frozen: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    _address: MutexGuard<'static, ()>,
}

impl Proxy {
    async fn start() -> Self {
        let address = ADDRESS.lock().await;
        // The last test's proxy goes with its runtime.
        let listener = soon("an address that is free", async {
            loop {
                match TcpListener::bind(environment("KAFKA_PROXY_LISTEN")).await {
                    Ok(listener) => break listener,
                    Err(_) => yield_now().await,
                }
            }
        })
        .await;
        let links = Arc::new(Mutex::new(JoinSet::new()));
        let frozen = watch::Sender::new(false);
        let (kept, state) = (Arc::clone(&links), frozen.clone());
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a client");
                kept.lock().expect("not poisoned").spawn(carry(client, state.subscribe()));
            }
        });
        Proxy { links, frozen, accepting, _address: address }
    }

    fn options(&self) -> KafkaOptions {
        KafkaOptions::brokers([environment("KAFKA_PROXY_LISTEN")]).expect("a broker")
    }

    fn cut(&self) {
        self.links.lock().expect("not poisoned").abort_all();
    }

    fn freeze(&self) {
        self.frozen.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut client: TcpStream, mut frozen: watch::Receiver<bool>) {
    let mut broker = TcpStream::connect(environment("KAFKA_PROXY_UPSTREAM")).await.expect("the broker");
    let stopped = tokio::select! {
        _ = frozen.wait_for(|frozen| *frozen) => true,
        _ = copy_bidirectional(&mut client, &mut broker) => false,
    };
    if stopped {
        pending::<()>().await;
    }
}
