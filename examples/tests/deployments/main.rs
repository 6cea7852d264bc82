//! Every deployment's example as it was built, with real clients at it.
//!
//! Each is a program on a port of its own. `facts.rs` has what holds wherever the server is mounted; the other files have what belongs to
//! one of them.

mod axum; // pages in Chromium
mod cors; // cross-origin rules by the framework
mod facts; // what holds for each
mod kubernetes; // readiness, and a drain under load
mod pages; // Chromium
mod program; // an example as a process
mod tls; // https, wss, and certificates that change

macro_rules! deployments {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            use crate::{facts, tls};

            #[tokio::test]
            async fn the_js_client_polls_upgrades_and_uses_websocket_alone() {
                facts::js_clients(stringify!($name)).await;
            }

            #[tokio::test]
            async fn the_python_client_polls_upgrades_and_uses_websocket_alone() {
                facts::python_clients(stringify!($name)).await;
            }

            #[tokio::test]
            async fn another_route_and_a_404_are_on_the_same_port() {
                facts::another_route(stringify!($name)).await;
            }

            #[tokio::test]
            async fn a_page_of_another_origin_is_refused_by_either_transport() {
                facts::refused_origin(stringify!($name)).await;
            }

            #[tokio::test]
            async fn asked_to_stop_it_tells_its_clients_and_ends() {
                facts::graceful_stop(stringify!($name)).await;
            }

            #[tokio::test]
            async fn over_tls_the_js_client_polls_upgrades_and_uses_websocket_alone() {
                tls::js_clients(stringify!($name)).await;
            }

            #[tokio::test]
            async fn chromium_is_let_in_over_tls_by_each_transport() {
                tls::chromium(stringify!($name)).await;
            }

            #[tokio::test]
            async fn over_tls_only_the_page_of_https_is_of_the_same_origin() {
                tls::origins(stringify!($name)).await;
            }

            #[tokio::test]
            async fn a_new_certificate_is_served_without_a_restart_and_the_connected_stay() {
                tls::new_certificate(stringify!($name)).await;
            }

            #[tokio::test]
            async fn over_tls_it_tells_its_clients_too_and_ends() {
                tls::graceful_stop(stringify!($name)).await;
            }
        }
    )+ };
}

mod mounted {
    deployments!(actix, axum, hyper, salvo, tower, warp);
}
