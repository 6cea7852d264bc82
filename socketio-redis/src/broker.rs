use std::fmt;
use std::task::Poll;

use futures_util::poll;
use redis::Pipeline;
use socketio_core::adapter::broker::{Broker, Channel, Frame, PublishError};

use crate::options::Servers;
use crate::servers::{self, Server};
use crate::{RedisError, RedisFeed, RedisOptions};

/// A Redis or Valkey: pub/sub over one connection for commands, and one for each subscription.
///
/// Frames are published as they are, `PUBLISH <channel> <payload>`, as python-socketio does. Redis keeps none of them: who does
/// not listen at that moment does not get it.
pub struct Redis {
    server: Server,
    frame_limit: usize,
}

impl Broker for Redis {
    type Options = RedisOptions;
    type Error = RedisError;
    type Feed = RedisFeed;

    const KEEPS: bool = false;

    fn for_channel(mut options: RedisOptions, channel: &str) -> RedisOptions {
        if let Servers::Sentinel { service, .. } = &mut options.servers {
            service.get_or_insert_with(|| channel.to_owned());
        }
        options
    }

    async fn connect(options: &RedisOptions, node: &str) -> Result<Self, RedisError> {
        Ok(Redis { server: servers::connect(options, node).await?, frame_limit: options.frame_limit })
    }

    async fn publish(&self, all: &[Frame]) -> Result<(), PublishError<RedisError>> {
        let commands = &self.server.commands;
        let too_large = all.iter().position(|frame| frame.payload.len() > self.frame_limit);
        let frames = &all[..too_large.unwrap_or(all.len())];
        // All leave at once, and each chunk has an answer of its own: after a cut it is known what got through.
        let mut chunks = Vec::with_capacity(frames.len().div_ceil(CHUNK));
        for chunk in frames.chunks(CHUNK) {
            let mut pipeline = Pipeline::with_capacity(chunk.len());
            for frame in chunk {
                pipeline.cmd("PUBLISH").arg(&*frame.channel).arg(&*frame.payload);
            }
            let mut answers = Box::pin(commands.send(pipeline));
            // The first poll is what gives it its place in the order.
            let at_once = poll!(&mut answers);
            chunks.push((answers, at_once));
        }
        let mut sent = 0;
        for (answers, at_once) in chunks {
            let answers = match at_once {
                Poll::Ready(answers) => answers,
                Poll::Pending => commands.answer(answers).await,
            };
            for answer in answers.map_err(|source| PublishError { sent, source })? {
                commands.accept(answer).map_err(|source| PublishError { sent, source })?;
                sent += 1;
            }
        }
        match all.get(sent) {
            None => Ok(()),
            Some(frame) => {
                let source = RedisError::TooLarge(frame.payload.len(), self.frame_limit);
                Err(PublishError { sent, source })
            }
        }
    }

    async fn subscribe(
        &self,
        channels: &[Channel],
        _: Option<&std::convert::Infallible>,
    ) -> Result<RedisFeed, RedisError> {
        let commands = &self.server.commands;
        let names: Vec<&str> = channels.iter().map(Channel::name).collect();
        let (listener, ahead) = commands.listen(&names).await?;
        Ok(RedisFeed {
            messages: listener.into_on_message(),
            ahead,
            channels: names.into_iter().map(Into::into).collect(),
            server: Some(commands.server.to_string()),
        })
    }

    async fn subscriber_count(&self, channel: &str) -> Result<Option<usize>, RedisError> {
        self.server.subscriber_count(channel).await
    }

    fn frame_limit(options: &RedisOptions) -> usize {
        options.frame_limit
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("server", &self.server.commands.server).finish_non_exhaustive()
    }
}

/// Frames that leave, and are answered for, together: each for itself costs twenty times as much.
const CHUNK: usize = 64;
