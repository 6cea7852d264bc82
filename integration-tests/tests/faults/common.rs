//! The faults that every broker may have, as tests in the module of each.

/// `restarted`, `paused`, `cut`: how many messages may be lost when the broker starts again, hangs, or its link fails.
macro_rules! faults_of_every_broker {
    ($broker:ty, $service:literal, $url:literal, restarted: $restarted:expr, paused: $paused:expr, cut: $cut:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn it_is_killed_and_starts_again_after_a_second() {
            let own = OwnBrokers::start(&[$service]).await;
            let play = Play::<$broker>::begin(own.options($url)).await;
            own.kill($service).await;
            sleep(Duration::from_secs(1)).await;
            own.start_again($service).await;
            play.lost(PARTIES).await;
            play.end(PARTIES, $restarted).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn it_is_stopped_and_starts_again() {
            let own = OwnBrokers::start(&[$service]).await;
            let play = Play::<$broker>::begin(own.options($url)).await;
            own.stop($service).await;
            play.lost(PARTIES).await;
            own.start_again($service).await;
            play.end(PARTIES, $restarted).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn it_hangs_for_20_s() {
            let own = OwnBrokers::start(&[$service]).await;
            let play = Play::<$broker>::begin(own.options($url)).await;
            own.pause($service).await;
            let until = tokio::time::Instant::now() + Duration::from_secs(20);
            sleep(Duration::from_secs(15)).await;
            play.ask_in_vain().await;
            tokio::time::sleep_until(until).await;
            own.resume($service).await;
            play.lost(PARTIES).await;
            play.end(PARTIES, $paused).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn it_is_not_there_at_first() {
            let own = OwnBrokers::start(&[$service]).await;
            own.kill($service).await;
            let mut play = Play::<$broker>::begin_without_a_broker(own.options($url)).await;
            own.start_again($service).await;
            play.back().await;
            play.join();
            play.end(PARTIES, 0).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn the_link_is_reset() {
            let (proxy, options) = proxied().await;
            let play = Play::<$broker>::begin(options).await;
            proxy.cut();
            play.lost(PARTIES).await;
            play.end(PARTIES, $cut).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn the_link_is_half_open() {
            let (proxy, options) = proxied().await;
            let play = Play::<$broker>::begin(options).await;
            proxy.hold();
            let noticed = play.lost(PARTIES).await;
            assert!(noticed < Duration::from_secs(20), "noticed after {noticed:?}");
            proxy.release();
            play.end(PARTIES, $cut).await;
        }
    };
}

pub(crate) use faults_of_every_broker;
