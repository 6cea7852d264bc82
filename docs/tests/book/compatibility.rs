//! `docs/compatibility.md`: written here, from what the tests run with.
//!
//! `make compatibility` writes it. What packages are pinned stands there as it is pinned; of what a machine brings (brokers, proxies, the
//! browser), every version that somebody has run the tests with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::page::docs;

/// Names and versions, by the heading they stand under.
type Versions = BTreeMap<(&'static str, String), BTreeSet<String>>;

const HEAD: &str = "# What was tried together

Written by the tests (`make compatibility`), which fail where it is not true any more. Other versions will do as well, as long as they
speak [the protocols](start.md#clients).
";

#[test]
fn the_compatibility_page_says_what_the_tests_run_with() {
    let path = docs().join("compatibility.md");
    let page = fs::read_to_string(&path).unwrap_or_default();
    let writes = std::env::var_os("WRITE_COMPATIBILITY").is_some();
    // Browsers and proxies get younger by themselves: no reason to fail.
    let here = here(|heading| writes || heading == BROKERS);
    let wanted = written(&pinned(), &with_others(&page, here));
    if writes {
        fs::write(&path, wanted).expect("it can be written");
    } else {
        assert!(
            page == wanted,
            "docs/compatibility.md is not what the tests run with: `make compatibility` writes it\n{wanted}"
        );
    }
}

/// What is pinned in this repository.
fn pinned() -> Versions {
    let mut versions = Versions::new();
    let mut add = |heading, name: &str, version: &str| {
        versions.entry((heading, name.to_owned())).or_default().insert(version.to_owned());
    };
    let lock: Value =
        serde_json::from_str(&read("integration-tests/foreign/package-lock.json")).expect("it is JSON");
    for name in [
        "socket.io-client",
        "engine.io-client",
        "socket.io-parser",
        "engine.io-parser",
        "socket.io-msgpack-parser",
    ] {
        let version = lock["packages"][format!("node_modules/{name}")]["version"].as_str();
        add(CLIENTS, &format!("{name} (npm)"), version.expect("the package is locked"));
    }
    let requirements = read("integration-tests/foreign/requirements.txt");
    let requirement = |name: &str| {
        let line = requirements.lines().find_map(|line| line.strip_prefix(&format!("{name}==")));
        line.unwrap_or_else(|| panic!("{name} is not required")).to_owned()
    };
    for name in ["python-socketio", "python-engineio"] {
        add(CLIENTS, &format!("{name} (PyPI), threads and asyncio"), &requirement(name));
    }
    for (name, whose) in [
        ("redis", "RedisManager"),
        ("kombu", "KombuManager"),
        ("aio-pika", "AsyncAioPikaManager"),
        ("kafka-python", "KafkaManager"),
    ] {
        let versions = format!("{} with {name} {}", requirement("python-socketio"), requirement(name));
        add(NODES, &format!("python-socketio, `{whose}`"), &versions);
    }
    let brokers = read("scripts/brokers");
    let kafka = brokers
        .lines()
        .find_map(|line| line.strip_prefix("kafka_version=${KAFKA_VERSION:-")?.strip_suffix('}'));
    add(BROKERS, "Apache Kafka", kafka.expect("scripts/brokers names a version"));
    let manifest: toml::Table = read("Cargo.toml").parse().expect("it is TOML");
    let rust = manifest["workspace"]["package"]["rust-version"].as_str();
    add(PROGRAMS, "Rust, at least", rust.expect("it is declared"));
    versions
}

/// What this machine brings, as far as it is `asked` for.
fn here(asked: impl Fn(&str) -> bool) -> Versions {
    let mut versions = Versions::new();
    for (heading, name, program, argument) in [
        (BROKERS, "Redis: alone, Cluster, Sentinel", "redis-server", "--version"),
        (BROKERS, "RabbitMQ", "rabbitmqctl", "version"),
        (PROGRAMS, "Chromium", "chromium", "--version"),
        (PROGRAMS, "HAProxy", "haproxy", "-v"),
        (PROGRAMS, "nginx", "nginx", "-v"),
        (PROGRAMS, "Node.js", "node", "--version"),
        (PROGRAMS, "Python", "python3", "--version"),
    ] {
        let versions = versions.entry((heading, name.to_owned())).or_default();
        if !asked(heading) {
            continue;
        }
        let output = Command::new(program).arg(argument).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}; `make test` installs it"));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let version = version(&said).unwrap_or_else(|| panic!("{program} says no version: {said}"));
        versions.insert(version);
    }
    versions
}

/// The first number with a dot in it, to its second dot at most: a patch of it is no other version.
fn version(said: &str) -> Option<String> {
    let words = said.split(|c: char| !c.is_ascii_digit() && c != '.');
    let number = words.map(|word| word.trim_matches('.')).find(|word| word.contains('.'))?;
    let parts: Vec<_> = number.split('.').take(2).collect();
    Some(parts.join("."))
}

/// With what others have written to the page.
fn with_others(page: &str, mut here: Versions) -> Versions {
    for ((_, name), versions) in &mut here {
        let row =
            page.lines().find_map(|line| line.strip_prefix(&format!("| {name} | "))?.strip_suffix(" |"));
        versions.extend(row.into_iter().flat_map(|row| row.split(", ")).map(str::to_owned));
    }
    here
}

fn written(pinned: &Versions, here: &Versions) -> String {
    let mut page = HEAD.to_owned();
    for heading in [CLIENTS, NODES, BROKERS, PROGRAMS] {
        page += &format!("\n## {heading}\n\n| | version |\n| --- | --- |\n");
        let all: BTreeMap<_, _> = pinned.iter().chain(here).collect();
        for ((_, name), versions) in all.iter().filter(|((of, _), _)| *of == heading) {
            let versions: Vec<_> = versions.iter().map(String::as_str).collect();
            page += &format!("| {name} | {} |\n", versions.join(", "));
        }
    }
    page
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const CLIENTS: &str = "Clients";
const NODES: &str = "Nodes and write-only managers on the same channel";
const BROKERS: &str = "Message queues";
const PROGRAMS: &str = "Programs around";

#[test]
fn versions_are_found_in_what_programs_say() {
    assert_eq!(version("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0").as_deref(), Some("7.0"));
    assert_eq!(version("nginx version: nginx/1.22.1").as_deref(), Some("1.22"));
    assert_eq!(version("Chromium 156.0.8078.108 built on Debian GNU/Linux 12").as_deref(), Some("156.0"));
    assert_eq!(version("no number"), None);
}

#[test]
fn versions_of_other_machines_stay_on_the_page() {
    let of = |version: &str| {
        Versions::from([((BROKERS, "Redis".to_owned()), BTreeSet::from([version.to_owned()]))])
    };
    let page = written(&Versions::new(), &of("7.0"));
    let both = with_others(&page, of("8.2"));
    assert!(written(&Versions::new(), &both).contains("| Redis | 7.0, 8.2 |"));
    assert_eq!(with_others(&written(&Versions::new(), &both), of("7.0")), both);
}
