//! What lapin alone makes of the same frames: to the same exchange, with the same properties, confirmed.

use std::time::Instant;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use socketio_core::adapter::wire::{Emit, HostId, Message, python};
use socketio_core::adapter::{EventPacket, Target};

use crate::Outcome;
use crate::nodes::message;
use crate::rate::EMITS;

/// Messages on their way without a confirmation: as many as our batches have.
const WINDOW: usize = 1000;

pub(crate) async fn rate(url: &str, exchange: &str) -> Outcome<f64> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let packet = EventPacket::new("fan", &message())?;
    let (host, emit) = (HostId::generate(), Message::Emit(Emit::new(Target::everyone("/".into()), packet)));
    let properties = BasicProperties::default()
        .with_content_type("text/plain".into())
        .with_content_encoding("utf-8".into())
        .with_delivery_mode(2)
        .with_priority(0);
    let mut confirms = Vec::with_capacity(WINDOW);
    let begin = Instant::now();
    for seq in 1..=EMITS {
        let payload = python::encode(&emit, &host, seq as u64);
        let options = BasicPublishOptions::default();
        let publishing =
            channel.basic_publish(exchange.into(), "".into(), options, &payload, properties.clone());
        confirms.push(publishing.await?);
        if confirms.len() == WINDOW || seq == EMITS {
            for confirm in confirms.drain(..) {
                if !matches!(confirm.await?, Confirmation::Ack(_)) {
                    return Err("a message was not taken".into());
                }
            }
        }
    }
    let rate = EMITS as f64 / begin.elapsed().as_secs_f64();
    connection.close(200, "done".into()).await?;
    Ok(rate)
}
