//! What `scripts/brokers start` has started and is still running, at the port base of the environment.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

pub(crate) fn variable(name: &str) -> Option<String> {
    RUNNING.get(name).cloned()
}

/// Asked once in a process.
static RUNNING: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/brokers");
    match Command::new(script).arg("running").output() {
        Ok(output) if output.status.success() => read(&String::from_utf8_lossy(&output.stdout)),
        _ => HashMap::new(), // no bash, no brokers
    }
});

/// Reads lines of `NAME=VALUE`.
fn read(lines: &str) -> HashMap<String, String> {
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_script_is_a_name_and_a_value_that_may_hold_anything() {
        let read = read("AMQP_URL=amqp://guest:guest@127.0.0.1:1/?a=b\nREDIS_URL=redis://127.0.0.1:2/0\n\n");
        assert_eq!(read["AMQP_URL"], "amqp://guest:guest@127.0.0.1:1/?a=b");
        assert_eq!(read.len(), 2);
    }
}
