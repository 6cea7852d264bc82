//! What the servers have logged of their cluster, and panics that are not a test's own.

use std::collections::BTreeMap;
use std::panic;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use integration_tests::log::Log;
use tracing::Level;

/// One for all tests: each looks for the lines of its own channel.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        // Tests fail by panics, too.
        if panicked.location().is_none_or(|place| !place.file().starts_with("integration-tests")) {
            panicked_so_far().push(panicked.to_string());
        }
        usual(panicked);
    }));
    Log::of_process(Level::DEBUG)
});

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins to listen, if nobody has.
pub(crate) fn start() {
    LazyLock::force(&LOG);
}

/// How often each party of a channel was cut off and back, by its id.
pub(crate) fn outages(channel: &str) -> BTreeMap<String, (usize, usize)> {
    let mut outages = BTreeMap::<String, (usize, usize)>::new();
    for line in lines(channel) {
        let Some(node) = line.split("node=").nth(1).and_then(|rest| rest.split(' ').next()) else { continue };
        let (lost, back) = outages.entry(node.to_owned()).or_default();
        *lost += usize::from(line.contains("cut off from the other nodes"));
        *back += usize::from(line.contains("back with the other nodes"));
    }
    outages.retain(|_, outages| *outages != (0, 0));
    outages
}

/// The lines about a channel.
pub(crate) fn lines(channel: &str) -> Vec<String> {
    LOG.lines_with(channel)
}

/// What has panicked so far in the servers, the emitters and the libraries under them.
pub(crate) fn panics() -> Vec<String> {
    panicked_so_far().clone()
}

fn panicked_so_far() -> MutexGuard<'static, Vec<String>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}
