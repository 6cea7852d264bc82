//! Errors that end a server. They show even where nobody has set up a log.

use std::error::Error;

/// Logs why a server ends. Where no subscriber has ever been installed it goes to stderr instead: one line, with its causes.
pub(crate) fn error(what: &'static str, error: &(dyn Error + 'static)) {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let causes = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    tracing::error!(target: "socketio", error = causes, "{what}");
    if !tracing::dispatcher::has_been_set() {
        eprintln!("socketio: {what}: {causes}");
    }
}
