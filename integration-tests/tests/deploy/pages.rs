//! The demo's pages in headless Chromium, as `foreign/nodes.mjs` drives it.

use std::path::PathBuf;
use std::time::Duration;

use integration_tests::foreign::foreign;
use tokio::process::Command;
use tokio::time::timeout;

/// The folder of the official browser client.
pub(crate) fn client() -> PathBuf {
    foreign("node_modules/socket.io-client/dist")
}

/// Runs one promise of the script.
pub(crate) async fn hold(promise: &str, arguments: &[&str]) {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let running = Command::new("node")
        .arg(foreign("nodes.mjs"))
        .args([promise, &chromium])
        .args(arguments)
        .kill_on_drop(true)
        .output();
    // It has a deadline of its own, which says more.
    let output = timeout(Duration::from_secs(180), running).await.expect("the script ends");
    let output = output.expect("node, which foreign/install.sh installs");
    assert!(
        output.status.success(),
        "{promise}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
