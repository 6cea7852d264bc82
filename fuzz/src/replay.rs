//! Replays what the fuzzer found interesting, and what it once broke; for the tests, which run on stable.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs `target` over `fuzz/corpus/<name>` and `fuzz/findings/<name>`; names every file on which it panics.
pub(crate) fn replay(name: &str, target: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut files = 0;
    let mut broken = Vec::new();
    for kind in ["corpus", "findings"] {
        let folder = fuzz.join(kind).join(name);
        if kind == "findings" && !folder.exists() {
            continue;
        }
        for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = file.expect("a folder that can be read").path();
            let input = fs::read(&path).expect("a file that can be read");
            files += 1;
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(files > 5, "the corpus of {name} is missing");
    assert!(broken.is_empty(), "{name} breaks on {broken:#?}");
}
