//! Who listened before an outage, by number.
//!
//! A broker that keeps nothing would take what was held during an outage to nobody, if the publisher is the first one back. So it
//! waits for as many listeners as there were, for [`RETURN`] at most.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::writer::{Broken, PATIENCE};
use crate::adapter::broker::Broker;

/// After an outage, publishes wait this long at most for those who listened before.
pub(crate) const RETURN: Duration = Duration::from_secs(6);
/// While something is published, listeners are counted this often.
const FRESH: Duration = Duration::from_secs(2);
/// And after an outage this often.
const IMPATIENT: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub(super) struct Audience {
    count: Option<usize>,
    counted: Option<Instant>,
}

impl Audience {
    /// Counts, unless it has just been done, or nobody needs to know.
    pub(super) async fn look<B: Broker>(
        &mut self,
        broker: &B,
        channel: &str,
    ) -> Result<(), Broken<B::Error>> {
        if !B::KEEPS && self.counted.is_none_or(|counted| counted.elapsed() >= FRESH) {
            self.count = count(broker, channel).await?;
            self.counted = Some(Instant::now());
        }
        Ok(())
    }

    /// Waits until there are as many as were counted last; counts them if that is the first time.
    pub(super) async fn wait<B: Broker>(
        &mut self,
        broker: &B,
        channel: &str,
    ) -> Result<(), Broken<B::Error>> {
        let until = Instant::now() + RETURN;
        while let Some(before) = self.count {
            // Who cannot be counted is not waited for.
            let now = count(broker, channel).await?;
            if now.is_none_or(|now| now >= before) || Instant::now() >= until {
                break;
            }
            sleep(IMPATIENT).await;
        }
        self.counted = None;
        self.look(broker, channel).await
    }
}

/// A broker that does not tell, or not this user, breaks no link; one that does not answer does.
async fn count<B: Broker>(broker: &B, channel: &str) -> Result<Option<usize>, Broken<B::Error>> {
    let counting = timeout(PATIENCE, broker.subscriber_count(channel));
    Ok(counting.await.map_err(|_| Broken::Slow("counting who listens"))?.unwrap_or(None))
}
