//! What switches logs apart: each line of a file has the target of the layer that the file belongs to.

use std::path::{Path, PathBuf};

#[test]
fn every_line_of_the_sources_has_the_target_of_its_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for (folder, allowed) in [
        ("socketio-core/src/engine", &["engineio"] as &[_]),
        // Its own are requests; what it says of the server as a whole (signals, certificates, files) is that of the server.
        ("socketio-core/src/http", &["engineio", "socketio"]),
        ("socketio-core/src/blocking", &["socketio"]),
        ("socketio-core/src/server", &["socketio"]),
        ("socketio-core/src/handler", &["socketio"]),
        ("socketio-core/src/adapter", &["socketio::cluster"]),
        ("socketio-redis/src", &["socketio::cluster"]),
        ("socketio-amqp/src", &["socketio::cluster"]),
        ("socketio-kafka/src", &["socketio::cluster"]),
        ("socketio-emitter/src", &["socketio::cluster"]),
    ] {
        for file in rust_files(&root.join(folder)) {
            let source = std::fs::read_to_string(&file).expect("sources are text");
            for (macro_call, target) in targets(&source) {
                let target = target.unwrap_or_else(|| panic!("no target: {} {macro_call}", file.display()));
                assert!(allowed.contains(&target), "{target}: {} {macro_call}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen} lines found");
}

/// The calls of tracing's macros in a source, each with its target.
fn targets(source: &str) -> Vec<(&str, Option<&str>)> {
    let macros = ["error", "warn", "info", "debug", "trace", "debug_span", "info_span"];
    let calls = source.split("tracing::").skip(1).filter_map(|rest| {
        let (name, arguments) = rest.split_once("!(")?;
        macros.contains(&name).then_some(arguments)
    });
    calls
        .map(|arguments| {
            let line = arguments.trim_start();
            let target = line.strip_prefix("target: \"").and_then(|rest| rest.split('"').next());
            (line.lines().next().unwrap_or_default(), target)
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
