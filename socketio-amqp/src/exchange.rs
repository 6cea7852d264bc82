//! A channel is an exchange of type `fanout`, as python-socketio's Kombu and aio_pika managers declare it:
//!
//! ```text
//! socketio    fanout, not durable, not deleted by itself, not internal, no arguments
//! ```

use lapin::types::ShortString;
use lapin::{Channel, ExchangeKind};

use crate::error::{AmqpError, cause};
use crate::options::AmqpOptions;

/// Declares the exchange, or finds it declared in the same way.
pub(crate) async fn declare(channel: &Channel, name: &str, options: &AmqpOptions) -> Result<(), AmqpError> {
    let exchange =
        ShortString::try_new(name).map_err(|error| AmqpError::Exchange(name.to_owned(), error.into()))?;
    let (kind, arguments) = (ExchangeKind::Fanout, options.exchange_arguments.clone());
    let declared = channel.exchange_declare(exchange, kind, options.exchange, arguments).await;
    declared.map_err(|error| AmqpError::Exchange(name.to_owned(), cause(error)))
}
