//! When a connection is told to end and when it is cut, by a clock that goes as it is told.

use std::cell::Cell;
use std::convert::Infallible;

use futures_util::future::join;
use http_body_util::BodyExt as _;

use super::*;
use crate::http::Body;

#[tokio::test(start_paused = true)]
async fn a_stream_that_moves_again_after_its_connection_was_told_to_end_goes_on() {
    let start = Instant::now();
    let told = driven(&[35, 25, 25, 1], &Connections::default()).await;
    assert_eq!((told, start.elapsed()), (1, seconds(86)));
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_move_again_is_cut() {
    let start = Instant::now();
    assert_eq!(driven(&[100], &Connections::default()).await, 1);
    assert_eq!(start.elapsed(), seconds(40));

    let start = Instant::now();
    assert_eq!(driven(&[35, 100], &Connections::default()).await, 1);
    assert_eq!(start.elapsed(), seconds(65), "in the time that its last piece gave it");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_no_stream_that_moves() {
    let start = Instant::now();
    let connections = Connections::default();
    join(driven(&[1; 100], &connections), connections.finish(seconds(60))).await;
    assert_eq!(start.elapsed(), seconds(10));
}

/// A connection whose client takes a piece of the answer after each of these pauses; how often it was told to end.
async fn driven(pauses: &[u64], connections: &Connections) -> usize {
    let limits = Limits::default();
    let activity = Activity::new(limits.head, limits.idle);
    drop(activity.begin());
    let mut body = activity.watch(Body::full(vec![0; 64 << 20]));
    let connection = pin!(async {
        for &pause in pauses {
            tokio::time::sleep(seconds(pause)).await;
            assert!(body.frame().await.is_some());
        }
        Ok::<_, Infallible>(())
    });
    let told = Cell::new(0);
    drive(connection, |_| told.set(told.get() + 1), &activity, connections.enter(), limits).await;
    told.get()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
