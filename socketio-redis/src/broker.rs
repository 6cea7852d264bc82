use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use redis::Pipeline;
use socketio_core::adapter::broker::{Broker, Channel, Frame, PublishError};
use tokio::time::{Instant, timeout_at};

use crate::options::Servers;
use crate::servers::{self, Server};
use crate::{RedisError, RedisFeed, RedisOptions};

/// A Redis or Valkey: pub/sub over one connection for commands, and one for each subscription.
///
/// Frames are published as they are, `PUBLISH <channel> <payload>`, as python-socketio does. Redis keeps none of them: who does
/// not listen at that moment does not get it.
pub struct Redis {
    server: Arc<Server>,
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
        let server = servers::connect(options, node).await?.into();
        Ok(Redis { server, frame_limit: options.frame_limit })
    }

    async fn publish(&self, all: &[Frame]) -> Result<(), PublishError<RedisError>> {
        let commands = &self.server.commands;
        let deadline = Instant::now() + BATCH;
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
                Poll::Pending => timeout_at(deadline, commands.answer(answers))
                    .await
                    .unwrap_or_else(|_| Err(RedisError::Silent(commands.server.to_string(), BATCH))),
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
        let channels = names.into_iter().map(Into::into).collect();
        Ok(RedisFeed::new(listener, ahead, channels, self.server.clone()))
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
/// What all chunks of a batch have together: the core gives it up after 10 s, and does not hear then what got through.
const BATCH: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use tokio::time::sleep;

    use super::{BATCH, Broker, CHUNK, Duration, Frame, Instant, Redis, RedisError};
    use crate::played::played;

    fn frames(count: usize) -> Vec<Frame> {
        vec![Frame { channel: "chat".into(), payload: "hi".into() }; count]
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_of_which_each_chunk_takes_its_time_ends_in_time_and_tells_what_got_through() {
        let (server, mut redis) = played().await;
        let broker = Redis { server: server.into(), frame_limit: usize::MAX };
        let begin = Instant::now();
        let all = frames(4 * CHUNK);
        let playing = async {
            for _ in 0..4 {
                sleep(Duration::from_secs(3)).await;
                redis.says(&":1\r\n".repeat(CHUNK)).await;
            }
        };
        let publishing = async {
            let failed = broker.publish(&all).await.expect_err("too slow");
            assert_eq!((failed.sent, begin.elapsed()), (2 * CHUNK, BATCH));
            assert!(matches!(failed.source, RedisError::Silent(..)), "{:?}", failed.source);
        };
        join(publishing, playing).await;
    }
}
