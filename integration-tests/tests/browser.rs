//! The demo's page in headless Chromium, as `foreign/browser.mjs` drives it.
//!
//! `CHROMIUM` names the browser; without it `chromium` is taken. The packages come from `foreign/install.sh`.

use std::process::Command;

#[test]
fn two_tabs_chat() {
    holds("two_tabs_chat");
}

#[test]
fn an_image_arrives_byte_for_byte() {
    holds("an_image_arrives_byte_for_byte");
}

#[test]
fn a_reload_keeps_the_seat() {
    holds("a_reload_keeps_the_seat");
}

#[test]
fn both_are_back_after_a_restart() {
    holds("both_are_back_after_a_restart");
}

#[test]
fn the_page_of_the_same_origin_is_let_in_by_polling() {
    holds("the_page_of_the_same_origin_is_let_in_by_polling");
}

#[test]
fn the_page_of_the_same_origin_is_let_in_by_websocket() {
    holds("the_page_of_the_same_origin_is_let_in_by_websocket");
}

#[test]
fn a_page_of_another_origin_gets_400() {
    holds("a_page_of_another_origin_gets_400");
}

fn holds(promise: &str) {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let output = Command::new("node")
        .args(["foreign/browser.mjs", promise, env!("CARGO_BIN_EXE_chat"), &chromium])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("node, which foreign/install.sh installs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
