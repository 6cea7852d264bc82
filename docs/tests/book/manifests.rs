//! The lines for a `Cargo.toml`: crates that are there, with versions and features that they have.

use std::collections::{HashMap, HashSet};
use std::process::Command;

use serde_json::Value;

use crate::page::{Page, below, docs};

/// What a package is called, its version, and its features.
struct Packages(HashMap<String, Vec<(String, HashSet<String>)>>);

impl Packages {
    /// Those that this workspace is built from, itself included.
    fn known() -> Self {
        let metadata = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--offline", "--all-features"])
            .current_dir(docs())
            .output()
            .expect("cargo runs");
        assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
        let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("it is JSON");
        let mut known: HashMap<String, Vec<_>> = HashMap::new();
        for package in metadata["packages"].as_array().expect("there are packages") {
            let text = |field: &str| package[field].as_str().expect("it is text").to_owned();
            let features = package["features"].as_object().expect("there are features");
            known
                .entry(text("name"))
                .or_default()
                .push((text("version"), features.keys().cloned().collect()));
        }
        Packages(known)
    }

    /// What is wrong with a line.
    fn fault(&self, name: &str, wanted: &toml::Value) -> Option<String> {
        let Some(versions) = self.0.get(name) else {
            return Some(format!("no crate {name} is built here, so that nobody has tried the line"));
        };
        let version = wanted.as_str().or_else(|| wanted.get("version").and_then(toml::Value::as_str));
        let of_version = |(known, _): &&(String, _)| {
            version.is_none_or(|version| known == version || known.starts_with(&format!("{version}.")))
        };
        let Some((_, features)) = versions.iter().find(of_version) else {
            return Some(format!("{name} {version:?} is not what is built here"));
        };
        let asked = wanted.get("features").and_then(toml::Value::as_array).into_iter().flatten();
        let mut unknown =
            asked.filter_map(toml::Value::as_str).filter(|feature| !features.contains(*feature));
        unknown.next().map(|feature| format!("{name} has no feature {feature:?}"))
    }
}

#[test]
fn the_lines_for_a_cargo_toml_name_crates_versions_and_features_that_there_are() {
    let packages = Packages::known();
    let mut wrong = Vec::new();
    let mut lines = 0;
    for path in below(&docs()).into_iter().chain([docs().join("../README.md")]) {
        for (info, block) in Page::read(&path).blocks {
            if info != "toml" {
                continue;
            }
            let manifest: toml::Table =
                block.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let sections = ["dependencies", "dev-dependencies"].map(|name| manifest.get(name)?.as_table());
            // Without a heading they are lines to be added.
            let sections = if sections == [None, None] { [Some(&manifest), None] } else { sections };
            for (name, wanted) in sections.into_iter().flatten().flatten() {
                lines += 1;
                wrong
                    .extend(packages.fault(name, wanted).map(|fault| format!("{}: {fault}", path.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines > 5, "only {lines} lines were found");
}

#[test]
fn a_line_that_names_what_there_is_not_is_found() {
    let packages = Packages::known();
    let fault = |line: &str| {
        let manifest: toml::Table = line.parse().expect("it is TOML");
        let (name, wanted) = manifest.iter().next().expect("a line");
        packages.fault(name, wanted)
    };
    assert_eq!(
        fault("socketio-core = { path = \"../socketio/socketio-core\", features = [\"msgpack\"] }"),
        None
    );
    assert_eq!(fault("tokio = \"1\""), None);
    for line in [
        "socketio-cor = \"0.1\"",
        "tokio = \"2\"",
        "socketio-core = { features = [\"magpack\"], path = \"\" }",
    ] {
        assert!(fault(line).is_some(), "{line}");
    }
}
