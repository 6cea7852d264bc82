//! Who listens, as `check` says and as the broker's own lists do: the nodes, and never an emitter.

use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

use integration_tests::brokers::{Proxy, options, url, variable};
use integration_tests::cluster::{Nodes, PATIENCE, hub};
use integration_tests::wait::{until, within};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use socketio_amqp::{Amqp, AmqpOptions};
use socketio_core::adapter::broker::Broker;
use socketio_core::adapter::memory::Memory;
use socketio_emitter::{Emitter, Listeners};
use socketio_kafka::{Kafka, KafkaOptions};
use socketio_redis::{Redis, RedisOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_check_counts_the_nodes() {
    let options = hub().options();
    counted::<Memory>(Nodes::start(&options, 2).await, options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_check_counts_the_nodes() {
    let options: RedisOptions = options("REDIS_URL");
    counted::<Redis>(Nodes::start(&options, 2).await, options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_redis_cluster_check_adds_up_those_of_all_its_nodes() {
    let cluster = url("REDIS_CLUSTER_URL");
    let (scheme, hosts) = cluster.split_once("://").unwrap();
    let each = hosts.split(',').take(2).map(|host| RedisOptions::new(&format!("{scheme}://{host}")).unwrap());
    counted::<Redis>(Nodes::each(each).await, options("REDIS_CLUSTER_URL")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_amqp_check_tells_somebody_from_nobody() {
    let mut nodes = Nodes::<Amqp>::start(&options("AMQP_URL"), 1).await;
    let emitter = Emitter::<Amqp>::with_options(options("AMQP_URL")).channel(&nodes.channel);
    assert_eq!(emitter.check().await.unwrap(), Listeners::Somebody);
    nodes.nodes.pop().unwrap().running.stop().await;
    until_it_says(&emitter, Listeners::Nobody).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_kafka_check_does_not_know() {
    let nodes = Nodes::<Kafka>::start(&options("KAFKA_URL"), 1).await;
    let emitter = Emitter::<Kafka>::with_options(options("KAFKA_URL")).channel(&nodes.channel);
    assert_eq!(emitter.check().await.unwrap(), Listeners::Unknown);
    let elsewhere = emitter.channel("nobody-is-here");
    assert_eq!(elsewhere.check().await.unwrap(), Listeners::Unknown);
}

/// Two nodes, then one, then a channel that nobody is on.
async fn counted<B: Broker>(mut nodes: Nodes<B>, options: B::Options) {
    let emitter = Emitter::<B>::with_options(options).channel(&nodes.channel);
    assert_eq!(emitter.check().await.unwrap(), Listeners::Count(2));
    nodes.nodes.pop().unwrap().running.stop().await;
    until_it_says(&emitter, Listeners::Count(1)).await;
    let elsewhere = emitter.channel("nobody is here");
    assert_eq!(elsewhere.check().await.unwrap(), Listeners::Count(0));
    until("the link of the first to stay", || {
        if emitter.health().connected { Ok(()) } else { Err(emitter.health()) }
    })
    .await;
}

async fn until_it_says<B: Broker>(emitter: &Emitter<B>, expected: Listeners) {
    let said = async {
        while emitter.check().await.unwrap() != expected {
            tokio::task::yield_now().await;
        }
    };
    within("the node to be gone", said).await;
}

/// Everything that an emitter does.
async fn use_everything<B: Broker>(emitter: &Emitter<B>) {
    within("a link", emitter.ready()).await.unwrap();
    emitter.check().await.unwrap();
    emitter.emit("news", ()).unwrap();
    emitter.to("a").join("b").unwrap();
    emitter.flush(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_has_no_subscription_of_an_emitter() {
    let nodes = Nodes::<Redis>::start(&options("REDIS_URL"), 2).await;
    // A user of its own, by whom Redis's list of clients tells it apart.
    let emitter = Emitter::<Redis>::with_options(options("REDIS_ACL_URL")).channel(&nodes.channel);
    use_everything(&emitter).await;

    let client = redis::Client::open(url("REDIS_URL")).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let mut subscribers = redis::cmd("PUBSUB");
    subscribers.arg("NUMSUB").arg(&nodes.channel);
    let (_, count): (String, u64) = subscribers.query_async(&mut redis).await.unwrap();
    assert_eq!(count, 2, "the nodes'");
    let list: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut redis).await.unwrap();
    let ours: Vec<_> = list.lines().filter(|line| line.contains(" user=app ")).collect();
    assert_eq!(ours.len(), 1, "one link: {list}");
    assert!(ours[0].contains(" sub=0 psub=0 "), "{}", ours[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_has_no_queue_and_no_consumer_of_an_emitter() {
    let nodes = Nodes::<Amqp>::start(&options("AMQP_URL"), 2).await;
    let name = format!("emitter of {}", nodes.channel);
    let named = options::<AmqpOptions>("AMQP_URL").connection_name(&name);
    let emitter = Emitter::<Amqp>::with_options(named).channel(&nodes.channel);
    use_everything(&emitter).await;

    let queues = rabbitmqctl(&["list_queues", "name"]);
    let of_nodes = |lines: &[String]| lines.iter().filter(|line| line.contains(&nodes.channel)).count();
    assert_eq!(of_nodes(&queues), 2, "{queues:?}");
    assert!(queues.iter().all(|queue| !queue.starts_with("amq.")), "one that the broker named: {queues:?}");
    let connections = rabbitmqctl(&["list_connections", "pid", "client_properties"]);
    let ours = connections.iter().find(|line| line.contains(&name)).expect("the emitter is connected");
    let (connection, _) = ours.split_once('\t').unwrap();
    let channels = rabbitmqctl(&["list_channels", "connection", "consumer_count"]);
    let consumers: Vec<_> = channels.iter().filter_map(|line| line.strip_prefix(connection)).collect();
    assert!(!consumers.is_empty() && consumers.iter().all(|count| count.trim() == "0"), "{consumers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_is_asked_for_nothing_by_an_emitter_and_has_no_group() {
    let proxy = Proxy::kafka().await;
    let through: KafkaOptions = KafkaOptions::brokers([proxy.address.to_string()]).unwrap();
    let nodes = Nodes::<Kafka>::start(&options("KAFKA_URL"), 2).await;
    let emitter = Emitter::<Kafka>::with_options(through.clone()).channel(&nodes.channel);
    use_everything(&emitter).await;
    let asked = kafka_requests(&proxy);
    assert!(asked.contains(&PRODUCE), "{asked:?}");
    assert!(FETCH_AND_GROUPS.iter().all(|key| !asked.contains(key)), "{asked:?}");

    let broker = variable("KAFKA_BROKERS");
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", broker).create().expect("a consumer");
    let groups = consumer.fetch_group_list(None, Duration::from_secs(10)).expect("the groups");
    assert!(groups.groups().iter().all(|group| !group.name().contains("socketio")));

    // A node that goes the same way is seen to fetch.
    let _node = Nodes::<Kafka>::start(&through, 1).await;
    until("a fetch", || match kafka_requests(&proxy) {
        kinds if kinds.contains(&FETCH) => Ok(()),
        kinds => Err(kinds),
    })
    .await;
}

const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
/// Fetch; OffsetCommit, OffsetFetch, FindCoordinator, JoinGroup, Heartbeat; ConsumerGroupHeartbeat.
const FETCH_AND_GROUPS: [i16; 7] = [FETCH, 8, 9, 10, 11, 12, 68];

/// The kinds of requests that came through, by the numbers of Kafka's protocol: each is a length of four bytes, then the kind.
fn kafka_requests(proxy: &Proxy) -> HashSet<i16> {
    let mut kinds = HashSet::new();
    for said in proxy.said() {
        let mut rest = &said[..];
        while let [a, b, c, d, kind @ ..] = rest
            && let [high, low, ..] = kind
        {
            kinds.insert(i16::from_be_bytes([*high, *low]));
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            rest = kind.get(length..).unwrap_or_default();
        }
    }
    kinds
}

/// What RabbitMQ's own tool prints, line by line.
fn rabbitmqctl(arguments: &[&str]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/brokers");
    let mut command = Command::new(script);
    command.arg("rabbitmqctl").arg("--quiet").args(arguments);
    for name in ["BROKERS_HOME", "BROKERS_PORT_BASE"] {
        command.env(name, variable(name));
    }
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}
