//! One address after the other, until one succeeds.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

/// Tries `addresses`, of which there is at least one: the next when one has failed, or does not answer soon. The first to succeed wins.
pub(crate) async fn first<'a, A, T, E, F>(addresses: &'a [A], attempt: impl Fn(&'a A) -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut order = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    attempts.push(attempt(order.next().expect("there is an address")));
    loop {
        let head_start = pin!(sleep(HEAD_START));
        let failed = match select(attempts.next(), head_start).await {
            Either::Left((Some(Ok(won)), _)) => return Ok(won),
            Either::Left((Some(Err(error)), _)) => Some(error),
            Either::Left((None, _)) | Either::Right(_) => None,
        };
        match (order.next(), failed) {
            (Some(next), _) => attempts.push(attempt(next)),
            (None, Some(error)) if attempts.is_empty() => return Err(error),
            (None, _) => {}
        }
    }
}

/// What an address has before the next one is tried too.
const HEAD_START: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::{HEAD_START, first, sleep};

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_is_overtaken_by_the_next_and_who_fails_at_once() {
        let begin = Instant::now();
        let won = first(&["silent", "fails", "answers"], |name| async move {
            match *name {
                "silent" => pending().await,
                "fails" => Err(*name),
                _ => Ok(*name),
            }
        });
        assert_eq!((won.await, begin.elapsed()), (Ok("answers"), HEAD_START));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_wins_where_all_others_fail_and_the_last_to_fail_is_told() {
        let slow = async |name: &'static str| {
            sleep(HEAD_START * 5).await;
            if name == "slow" { Ok(name) } else { Err(name) }
        };
        let attempt = |name: &&'static str| {
            let name = *name;
            async move { if name == "fails" { Err(name) } else { slow(name).await } }
        };
        assert_eq!(first(&["slow", "fails", "fails"], attempt).await, Ok("slow"));
        assert_eq!(first(&["slowly fails", "fails"], attempt).await, Err("slowly fails"));
    }
}
