//! What belongs to axum: pages in Chromium.

use crate::pages;
use crate::program::Program;

#[tokio::test]
async fn chromium_of_the_same_origin_is_let_in_by_each_transport() {
    let program = Program::start("axum", &[]).await;
    pages::expect("let in", "http", program.port, &format!("http://127.0.0.1:{}/", program.port)).await;
}

#[tokio::test]
async fn chromium_of_another_origin_is_refused_by_each_transport() {
    let program = Program::start("axum", &[]).await;
    let elsewhere = pages::elsewhere().await;
    pages::expect("refused", "http", program.port, &format!("http://127.0.0.1:{elsewhere}/")).await;
}
