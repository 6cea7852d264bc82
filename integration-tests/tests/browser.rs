//! The demo's page in headless Chromium, as `foreign/browser.mjs` drives it: served by the chat, and by the one for threads.
//!
//! `CHROMIUM` names the browser; without it `chromium` is taken. The packages come from `foreign/install.sh`.

use std::process::Command;

/// A test for each promise on each program.
macro_rules! keeps {
    ($program:ident at $path:expr; $(fn $promise:ident;)+) => {
        mod $program {
            $(#[test]
            fn $promise() {
                super::holds(stringify!($promise), $path);
            })+
        }
    };
}

macro_rules! both_keep {
    ($(fn $promise:ident;)+) => {
        keeps! { chat at env!("CARGO_BIN_EXE_chat"); $(fn $promise;)+ }
        keeps! { blocking_chat at env!("CARGO_BIN_EXE_blocking_chat"); $(fn $promise;)+ }
    };
}

both_keep! {
    fn two_tabs_chat;
    fn an_image_arrives_byte_for_byte;
    fn a_reload_keeps_the_seat;
    fn both_are_back_after_a_restart;
    fn the_page_of_the_same_origin_is_let_in_by_polling;
    fn the_page_of_the_same_origin_is_let_in_by_websocket;
    fn a_page_of_another_origin_gets_400;
}

fn holds(promise: &str, program: &str) {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let output = Command::new("node")
        .args(["foreign/browser.mjs", promise, program, &chromium])
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
