//! What goes wrong between us and Kafka.

use rdkafka::error::KafkaError as Cause;

/// Why something with Kafka failed, in the broker's or librdkafka's words where they give any. No text holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what the fields are")]
pub enum KafkaError {
    /// It does not parse as a URL of this broker.
    #[error("not the URL of a kafka cluster: {reason}")]
    Url { reason: &'static str },
    /// librdkafka refuses a setting, or the settings together.
    #[error("kafka's client refuses its settings: {reason}")]
    Settings { reason: String },
    /// None of the brokers can be reached, or lets us in: refused, a name unknown, a certificate not trusted, a wrong password.
    #[error("no kafka broker of {brokers} can be used: {reason}")]
    Unreachable { brokers: String, reason: String },
    /// The topic is not there, and [`create_topics`](crate::KafkaOptions::create_topics) is off; or it was there, and is gone.
    #[error("kafka has no topic {topic}")]
    Missing { topic: String },
    /// The topic is not there, and the broker does not let us make it.
    #[error("kafka has no topic {topic}, and refuses to create it: {reason}")]
    Create { topic: String, reason: String },
    /// The broker refuses something about the topic: we may not read it, or a place in it is gone.
    #[error("{action} topic {topic}: {reason}")]
    Topic { action: &'static str, topic: String, reason: String },
    /// Over [`max_message_bytes`](crate::KafkaOptions::max_message_bytes). The link stays.
    #[error("a frame of {size} bytes is larger than {limit}, the limit")]
    TooLarge { size: usize, limit: usize },
    /// Over the topic's own `max.message.bytes`. The link stays.
    #[error("topic {topic} takes no frame of {size} bytes")]
    Refused { size: usize, topic: String },
    /// The link was there, and is gone.
    #[error("the link to kafka is lost: {reason}")]
    Lost { reason: String },
}

impl KafkaError {
    pub(crate) fn topic(action: &'static str, topic: &str, error: &Cause) -> Self {
        KafkaError::Topic { action, topic: topic.to_owned(), reason: words(error) }
    }

    pub(crate) fn settings(error: Cause) -> Self {
        let reason = match error {
            // Its own text ends with the value.
            Cause::ClientConfig(_, reason, ..) | Cause::ClientCreation(reason) => reason,
            other => other.to_string(),
        };
        KafkaError::Settings { reason }
    }
}

/// Without the operation that the binding puts before it.
pub(crate) fn words(error: &Cause) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
}
