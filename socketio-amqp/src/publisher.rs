//! Messages out, and what the broker says to each.
//!
//! They look like those of python-socketio's Kombu manager (its aio_pika manager reads the body alone):
//!
//! ```text
//! exchange         socketio
//! routing key
//! content-type     text/plain     ┐ application/data and binary where the payload is no UTF-8:
//! content-encoding utf-8          ┘ Kombu's listener breaks on a text that is none
//! delivery-mode    2              persistent
//! priority         0
//! body             {"method": "emit", …}
//! ```

use std::sync::Arc;

use futures_util::future::maybe_done;
use futures_util::poll;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use socketio_core::adapter::broker::{Frame, PublishError};

use crate::error::AmqpError;
use crate::exchange;
use crate::options::AmqpOptions;
use crate::options::Link;

/// An AMQP channel with confirms, and the exchanges that were declared on it. When the broker has closed it, another one takes its place.
#[derive(Default)]
pub(crate) struct Publisher {
    channel: Option<Channel>,
    declared: Vec<Arc<str>>,
}

impl Publisher {
    pub(crate) async fn publish(
        &mut self,
        link: &Link,
        options: &AmqpOptions,
        frames: &[Frame],
    ) -> Result<(), PublishError<AmqpError>> {
        // A refused message ends the AMQP channel, and what follows on it then ends the connection. So a large one is sent alone.
        let small = LARGE.min(options.max_frame);
        let together = |a: &Frame, b: &Frame| a.payload.len().max(b.payload.len()) <= small;
        let mut sent = 0;
        for run in frames.chunk_by(together) {
            let published = self.run(link, options, run, false, &mut sent).await;
            published.map_err(|source| PublishError { sent, source })?;
        }
        Ok(())
    }

    /// Sends all, then waits for what the broker says to each, and counts. Tells whether every one, if it was mandatory, found a queue.
    pub(crate) async fn run(
        &mut self,
        link: &Link,
        options: &AmqpOptions,
        frames: &[Frame],
        mandatory: bool,
        sent: &mut usize,
    ) -> Result<bool, AmqpError> {
        let limit = options.max_frame;
        if let Some(size) = frames.iter().map(|frame| frame.payload.len()).find(|size| *size > limit) {
            return Err(AmqpError::OverLimit(size, limit));
        }
        let channel = self.ready(link, options, frames).await?;
        let publish = |frame| Box::pin(maybe_done(publish(channel, frame, options.persistent, mandatory)));
        let mut messages: Vec<_> = frames.iter().map(publish).collect();
        // With its first poll a message gets in line.
        for message in &mut messages {
            let _ = poll!(message.as_mut());
        }
        let mut routed = true;
        for (message, frame) in messages.iter_mut().zip(frames) {
            message.as_mut().await;
            match message.as_mut().take_output().expect("it was awaited") {
                Ok(Confirmation::Ack(returned)) => routed &= returned.is_none(),
                Ok(_) => return Err(AmqpError::NotTaken),
                Err(error) => return Err(AmqpError::publishing(frame.payload.len(), error)),
            }
            *sent += 1;
        }
        Ok(routed)
    }

    /// A channel on which the exchanges of `frames` are declared.
    async fn ready(
        &mut self,
        link: &Link,
        options: &AmqpOptions,
        frames: &[Frame],
    ) -> Result<&Channel, AmqpError> {
        let channel = match self.channel.take().filter(|channel| channel.status().connected()) {
            Some(channel) => channel,
            None => {
                self.declared.clear();
                let channel = link.connection.create_channel().await?;
                channel.confirm_select(ConfirmSelectOptions::default()).await?;
                channel
            }
        };
        for frame in frames {
            if !self.declared.contains(&frame.channel) {
                exchange::declare(&channel, &frame.channel, options).await?;
                self.declared.push(frame.channel.clone());
            }
        }
        Ok(self.channel.insert(channel))
    }
}

/// The exchange is declared, so its name is no longer than a name may be.
async fn publish(
    channel: &Channel,
    frame: &Frame,
    persistent: bool,
    mandatory: bool,
) -> lapin::Result<Confirmation> {
    let (kind, encoding) = match std::str::from_utf8(&frame.payload) {
        Ok(_) => ("text/plain", "utf-8"),
        Err(_) => ("application/data", "binary"),
    };
    let properties = BasicProperties::default()
        .with_content_type(kind.into())
        .with_content_encoding(encoding.into())
        .with_delivery_mode(if persistent { 2 } else { 1 })
        .with_priority(0);
    let (exchange, key) = (ShortString::from(&*frame.channel), ShortString::default());
    let options = BasicPublishOptions { mandatory, immediate: false };
    channel.basic_publish(exchange, key, options, &frame.payload, properties).await?.await
}

/// In bytes. No broker's limit is below it.
const LARGE: usize = 128 << 10;
