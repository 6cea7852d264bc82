//! The servers' side of `worker.rs`: what clients ask for goes into a list of Redis. The answer is the worker's.

#[path = "job.rs"]
mod job;

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, RedisError};
use socketio_core::{Args, Server, Socket};

use self::job::{Job, LIST, NAMESPACE};

/// Some seconds of work, in a release build.
const LARGEST: u32 = 5_000_000;

/// Jobs that may wait; a few more, should several nodes put one in at the same moment.
const LONGEST: usize = 1000;

/// Opens the namespace. `url` is connected to when the first job comes.
pub(crate) fn take_orders(io: &Server, url: &str) -> Result<(), RedisError> {
    let patience = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_response_timeout(Some(Duration::from_secs(2)))
        .set_connection_timeout(Some(Duration::from_secs(2)));
    let redis = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, patience)?;
    io.of(NAMESPACE).on("count", move |socket: Socket, Args((id, below)): Args<(u32, u32)>| {
        let redis = redis.clone();
        async move {
            // The ack: why not, or how many are before this one.
            match put(redis, Job { sid: socket.id().clone(), id, below }).await {
                Ok(ahead) => (None, ahead),
                Err(refusal) => (Some(refusal), 0),
            }
        }
    });
    Ok(())
}

async fn put(mut redis: ConnectionManager, job: Job) -> Result<usize, &'static str> {
    if job.below > LARGEST {
        return Err("That would take too long.");
    }
    let away = |error: RedisError| {
        tracing::warn!(%error, "a job could not be put into the list");
        "The list of jobs is out of reach. Try again later."
    };
    if redis.llen::<_, usize>(LIST).await.map_err(away)? >= LONGEST {
        return Err("Too many jobs are waiting. Try again later.");
    }
    let job = serde_json::to_string(&job).map_err(|_| "That is no job.")?;
    let length: usize = redis.rpush(LIST, job).await.map_err(away)?;
    Ok(length.saturating_sub(1))
}
