//! One list of the brokers that facts about clusters and emitters have to hold on.

/// A test for each fact on each broker, in a module by the broker's name: `redis::an_emit_reaches_everybody`.
///
/// A fact is `async fn fact<B: Broker>(options: B::Options)` in a module of the test. The test has the backends among its
/// dependencies.
#[macro_export]
macro_rules! on_every_broker {
    ($($facts:tt)+) => {
        $crate::on_one_broker! { memory, ::socketio_core::adapter::memory::Memory, $crate::cluster::hub().options(), $($facts)+ }
        $crate::on_one_broker! { memory_log, ::socketio_core::adapter::memory::MemoryLog, $crate::cluster::hub().options(), $($facts)+ }
        $crate::on_one_broker! { redis, ::socketio_redis::Redis, $crate::brokers::options("REDIS_URL"), $($facts)+ }
        $crate::on_one_broker! { redis_cluster, ::socketio_redis::Redis, $crate::brokers::options("REDIS_CLUSTER_URL"), $($facts)+ }
        $crate::on_one_broker! { amqp, ::socketio_amqp::Amqp, $crate::brokers::options("AMQP_URL"), $($facts)+ }
        $crate::on_one_broker! { kafka, ::socketio_kafka::Kafka, $crate::brokers::options("KAFKA_URL"), $($facts)+ }
    };
}

/// The tests of one of them.
#[macro_export]
macro_rules! on_one_broker {
    ($name:ident, $broker:ty, $options:expr, $($facts:ident :: { $($fact:ident),+ $(,)? })+) => {
        mod $name {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$facts::$fact::<$broker>($options).await;
            })+)+
        }
    };
}
