//! What is each broker's own, on real ones: the ways to it, who is let in, what becomes of a link, and what others see there.
//!
//! What all of them have in common is `socketio_core::adapter::contract`, run by `tests/contract.rs` of each backend.

mod amqp;
mod kafka;
mod redis;
mod waiting; // deadlines

use std::process::Command;

use integration_tests::brokers::variable;

/// As [`variable`] does where the environment says nothing.
#[test]
fn what_the_script_has_started_is_found_by_asking_it() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/brokers");
    let output = Command::new(script).arg("running").output().expect("bash");
    let running = String::from_utf8_lossy(&output.stdout);
    for name in ["REDIS_URL", "REDIS_CLUSTER_URL", "AMQP_URL", "KAFKA_URL", "BROKERS_CA"] {
        let line = format!("{name}={}", variable(name));
        assert!(running.lines().any(|found| found == line), "no {line} in:\n{running}");
    }
}
