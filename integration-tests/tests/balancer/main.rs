//! Three nodes on Redis behind a load balancer: nginx and HAProxy, as `deploy/` configures them and `scripts/sticky-proxy` runs them.
//!
//! TLS ends at the load balancer; Chromium comes with the origin of the page, which is the load balancer's.

mod draining;
mod facts;
mod processes; // as supervisors start them

use integration_tests::log::Log;
use std::sync::LazyLock;

/// What all nodes of this process write, in which a port of its own tells the lines of a test apart.
static LOG: LazyLock<Log> = LazyLock::new(|| Log::of_process(tracing::Level::WARN));

macro_rules! behind_each {
    ($($fact:ident),+ $(,)?) => {
        behind!(nginx: $($fact),+);
        behind!(haproxy: $($fact),+);
    };
}

macro_rules! behind {
    ($balancer:ident: $($fact:ident),+) => {
        mod $balancer {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::facts::$fact(stringify!($balancer)).await;
            })+
        }
    };
}

behind_each!(
    chromium_is_let_in_by_each_transport_once_the_proxy_is_trusted,
    chromium_is_refused_while_it_is_not_and_the_log_names_the_expected_origin,
    clients_of_one_address_may_share_a_node,
    without_stickiness_the_log_asks_for_it,
);

mod processes_behind {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nginx() {
        super::processes::processes_of_threads_are_one_chat_and_one_after_the_other_is_restarted("nginx")
            .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn haproxy() {
        super::processes::processes_of_threads_are_one_chat_and_one_after_the_other_is_restarted("haproxy")
            .await;
    }
}

/// For clients that keep no cookies; nginx's free edition cannot learn ids.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_learns_the_ids_of_sessions_for_clients_without_cookies() {
    facts::clients_without_cookies_are_led_by_their_session("haproxy").await;
}
