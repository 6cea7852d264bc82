//! Whether the server still is one that passes on what is published.
//!
//! A master can be made a replica, and a node be cut off from its Cluster, while the connections to it stay.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::RedisError;
use crate::servers::Server;

/// Asks `server` now and then; ends with the error that connecting to it would give.
pub(crate) async fn until_unfit(server: Arc<Server>) -> RedisError {
    let mut in_a_row = 0;
    loop {
        sleep(PAUSE).await;
        match server.check().await {
            Ok(()) => in_a_row = 0,
            Err(error @ RedisError::Unfit(..)) => {
                in_a_row += 1;
                if in_a_row == ENOUGH {
                    return error;
                }
            }
            // Neither fit nor unfit. That a link is dead is found out elsewhere.
            Err(_) => {}
        }
    }
}

const PAUSE: Duration = Duration::from_secs(5);
/// One answer may come from the midst of a failover.
const ENOUGH: usize = 2;

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::{Either, select};
    use tokio::time::Instant;

    use super::until_unfit;
    use crate::options::{Address, Seen};
    use crate::played::{bulk, played};

    /// The error, and the seconds until then: with a server that is asked `question`, gives these `answers`, and is asked no more.
    async fn ends(seen: Option<&Seen>, question: &str, answers: &[&str]) -> Option<(String, u64)> {
        let (mut server, mut redis) = played().await;
        if let Some(seen) = seen {
            (server.in_cluster, server.seen) = (true, seen.clone());
        }
        let begin = Instant::now();
        let playing = pin!(async {
            for answer in answers {
                assert_eq!(redis.hears().await, question);
                redis.says(answer).await;
            }
            redis.hears().await
        });
        match select(pin!(until_unfit(server.into())), playing).await {
            Either::Left((error, _)) => Some((error.to_string(), begin.elapsed().as_secs())),
            Either::Right(_) => None,
        }
    }

    fn role(role: &str) -> String {
        format!("*4\r\n{}", ["mode", "standalone", "role", role].map(bulk).concat())
    }

    fn nodes(flags_of_others: &str) -> String {
        let others =
            [2, 3].map(|id| format!("{id} 10.0.0.{id}:1@2 {flags_of_others} - 0 0 1 connected {id}\n"));
        bulk(&format!("1 10.0.0.1:1@2 myself,master - 0 0 1 connected 1\n{}", others.concat()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_master_that_was_made_a_replica_is_unfit_once_it_has_said_so_twice() {
        let (master, replica) = (&*role("master"), &*role("replica"));
        let unfit = Some(("played:6379 is a replica".to_owned(), 15));
        assert_eq!(ends(None, "HELLO", &[master, replica, replica]).await, unfit);
        let again = Some(("played:6379 is a replica".to_owned(), 20));
        assert_eq!(ends(None, "HELLO", &[replica, master, replica, replica]).await, again);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_is_cut_off_is_unfit_and_those_seen_before_stay_known() {
        let seen = Seen::default();
        let (all, alone) = (&*nodes("master"), &*nodes("master,fail?"));
        let unfit = Some(("played:6379 is cut off from most of its Cluster".to_owned(), 15));
        assert_eq!(ends(Some(&seen), "CLUSTER NODES", &[all, alone, alone]).await, unfit);
        let known = [1, 2, 3].map(|id| Address::Tcp(format!("10.0.0.{id}"), 1));
        assert_eq!(seen.beyond(&[]), known);
    }

    #[tokio::test(start_paused = true)]
    async fn what_says_nothing_or_refuses_to_say_it_is_not_unfit() {
        let (silence, refusal) = ("", "-NOPERM no permissions\r\n");
        assert_eq!(ends(None, "HELLO", &[silence; 4]).await, None);
        assert_eq!(ends(None, "HELLO", &[refusal; 4]).await, None);
        assert_eq!(ends(Some(&Seen::default()), "CLUSTER NODES", &[refusal; 4]).await, None);
    }
}
