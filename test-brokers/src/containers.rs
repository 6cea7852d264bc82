//! Brokers by Docker, one of each kind for a process; they end when it has ended.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

use testcontainers::core::{ContainerPort, ExecCommand, IntoContainerPort};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ImageExt, TestcontainersError};
use testcontainers_modules::kafka::apache::{KAFKA_PORT, Kafka};
use testcontainers_modules::rabbitmq::RabbitMq;
use testcontainers_modules::redis::{REDIS_PORT, Redis};

/// Why there is no container for a name.
pub(crate) const MISSING: &str = "no container has been started for it (no Docker, or none that does this)";

/// The URL of a broker in a container.
pub(crate) fn variable(name: &str) -> Option<String> {
    match name {
        "REDIS_URL" => REDIS.clone(),
        "REDIS_CLUSTER_URL" => REDIS_CLUSTER.clone(),
        "AMQP_URL" => AMQP.clone(),
        "KAFKA_URL" => KAFKA.clone(),
        _ => None,
    }
}

static REDIS: LazyLock<Option<String>> = LazyLock::new(|| started("Redis", redis()));
static REDIS_CLUSTER: LazyLock<Option<String>> =
    LazyLock::new(|| started("a Redis Cluster", redis_cluster()));
static AMQP: LazyLock<Option<String>> = LazyLock::new(|| started("RabbitMQ", rabbitmq()));
static KAFKA: LazyLock<Option<String>> = LazyLock::new(|| started("Kafka", kafka()));

async fn redis() -> Result<String, TestcontainersError> {
    let container = Redis::default().with_tag("7.4").start().await?;
    Ok(format!("redis://{}", kept(container, REDIS_PORT).await?))
}

/// A Cluster of one node, which tells clients an address of this machine.
async fn redis_cluster() -> Result<String, TestcontainersError> {
    let port = free_port();
    let announced = port.to_string();
    let command = ["redis-server", "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
    let command = command.into_iter().chain(["--cluster-announce-port", &announced]);
    let request = Redis::default().with_tag("7.4").with_cmd(command).with_mapped_port(port, REDIS_PORT.tcp());
    let container = request.start().await?;
    container.exec(ExecCommand::new(["redis-cli", "cluster", "addslotsrange", "0", "16383"])).await?;
    Ok(format!("redis+cluster://{}", kept(container, REDIS_PORT).await?))
}

async fn rabbitmq() -> Result<String, TestcontainersError> {
    let container = RabbitMq::default().with_tag("3.13-management").start().await?;
    Ok(format!("amqp://guest:guest@{}", kept(container, 5672).await?))
}

async fn kafka() -> Result<String, TestcontainersError> {
    let container = Kafka::default().start().await?;
    Ok(format!("kafka://{}", kept(container, KAFKA_PORT).await?))
}

/// What a start has given, on a thread of its own: the tests are async themselves.
fn started(
    what: &str,
    start: impl Future<Output = Result<String, TestcontainersError>> + Send,
) -> Option<String> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(start)
    };
    let url = std::thread::scope(|scope| scope.spawn(run).join().expect("starting does not panic"));
    url.inspect_err(|error| eprintln!("no container of {what}: {error}")).ok()
}

/// Host and port of a container that stays until this process has ended.
async fn kept<I: testcontainers::Image>(
    container: ContainerAsync<I>,
    port: impl Into<ContainerPort>,
) -> Result<String, TestcontainersError> {
    let place = format!("{}:{}", container.get_host().await?, container.get_host_port_ipv4(port).await?);
    remove_at_the_end(container.id());
    std::mem::forget(container);
    Ok(place)
}

/// The end of a process runs no code of ours: another one watches.
fn remove_at_the_end(container: &str) {
    let watch = "while kill -0 \"$1\"; do sleep 1; done; docker rm --force --volumes \"$2\"";
    let mut watcher = Command::new("sh");
    watcher.args(["-c", watch, "watcher", &std::process::id().to_string(), container]);
    watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = watcher.spawn() {
        eprintln!("container {container} will stay: {error}");
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
