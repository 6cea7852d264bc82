//! The words of the blocking server are those of the async one. Read from the sources: what of a type's public methods waits, takes a
//! handler, or hands out a handle has a form of its own on the type of the same name; the rest comes by `Deref`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Why a word of the async server has no form of its own.
const WHY_NOT: &[(&str, &str, &str)] = &[
    (
        "Broadcast",
        "everyone",
        "for emitters, which have no server: `Server` and `Namespace` have words for everybody",
    ),
    ("Socket", "edit_session", "its function runs on the thread that says it, at once"),
    ("Connection", "edit_session", "its function runs on the thread that says it, at once"),
];

/// The types that there are twice.
const TYPES: [&str; 9] = [
    "Server",
    "Namespace",
    "ParentNamespace",
    "EveryNamespace",
    "Socket",
    "Connection",
    "Question",
    "Broadcast",
    "RemoteSocket",
];

#[test]
fn every_word_of_the_async_server_is_there_or_a_line_says_why_not() {
    let asynchronous = methods(&["src/server", "src/adapter", "src/handler"]);
    let blocking = methods(&["src/blocking"]);
    for kind in TYPES {
        let (theirs, ours) = (&asynchronous[kind], &blocking[kind]);
        assert!(theirs.len() > 1, "{kind}: {theirs:?}");
        for (name, signature) in theirs {
            let excused = WHY_NOT.iter().any(|(on, word, _)| (*on, *word) == (kind, name.as_str()));
            let own = ours.contains_key(name);
            let needed = needs_a_form_of_its_own(signature);
            assert!(needed && !own || !excused, "{kind}::{name} needs no line that says why not");
            assert!(own || excused || !needed, "blocking::{kind} has no {name}: {signature}");
        }
    }
}

#[test]
fn no_word_of_the_blocking_server_is_async() {
    for (kind, words) in methods(&["src/blocking"]) {
        for (name, signature) in words {
            let waits = signature.contains("async fn") || signature.contains("impl Future");
            assert!(!waits, "blocking::{kind}::{name}: {signature}");
        }
    }
}

/// Whether `Deref` would give a word that waits, runs functions where they must not block, or leads to words that do.
fn needs_a_form_of_its_own(signature: &str) -> bool {
    let leads = |what: &str| {
        let words = signature.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.into_iter().any(|word| word == what)
    };
    signature.contains("async fn")
        || signature.contains("Future")
        || signature.contains("Handler<")
        || signature.contains("Fn")
        || ["-> Self", "-> &Self", "Replies", "ServerBuilder"].iter().any(|what| signature.contains(what))
        || TYPES.iter().filter(|kind| **kind != "Server").any(|kind| leads(kind))
}

/// The public methods of each type: name and signature. Those of macros are the types' for which the macro is called.
fn methods(folders: &[&str]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::<String, BTreeMap<String, String>>::new();
    let mut calls = Vec::new();
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../socketio-core");
    for folder in folders {
        for source in sources(&core.join(folder)) {
            let (mut in_macro, mut on) = (None::<String>, None::<String>);
            let mut lines = source.lines();
            while let Some(line) = lines.next() {
                if let Some(name) = line.strip_prefix("macro_rules! ") {
                    in_macro = Some(name.trim_end_matches(" {").to_owned());
                } else if line == "}" {
                    (in_macro, on) = (None, None);
                } else if let Some((name, kind)) =
                    line.strip_suffix(");").and_then(|line| line.split_once("!("))
                {
                    calls.push((name.trim().to_owned(), kind.to_owned()));
                } else if line.trim_start().starts_with("impl") && line.ends_with('{') {
                    on = implemented(line).map(|kind| match (&in_macro, kind.as_str()) {
                        (Some(name), "$type") => name.clone(),
                        _ => kind,
                    });
                } else if let Some(rest) = line.trim_start().strip_prefix("pub ")
                    && rest.contains("fn ")
                    && let Some(kind) = &on
                {
                    let mut signature = rest.to_owned();
                    while !signature.ends_with('{') {
                        let Some(more) = lines.next() else { break };
                        signature.push(' ');
                        signature.push_str(more.trim());
                    }
                    let (_, name) = signature.split_once("fn ").expect("seen above");
                    let name: String =
                        name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    all.entry(kind.clone()).or_default().insert(name, signature);
                }
            }
        }
    }
    for (name, kind) in calls {
        if let Some(words) = all.get(&name).cloned() {
            all.entry(kind).or_default().extend(words);
        }
    }
    all
}

/// The type of `impl … Type<…> {`; none for traits.
fn implemented(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("impl")?.trim_end_matches(" {");
    if rest.contains(" for ") {
        return None;
    }
    let rest = match rest.strip_prefix('<') {
        Some(generics) => generics.split_once("> ")?.1,
        None => rest.trim_start(),
    };
    Some(rest.split('<').next()?.to_owned())
}

fn sources(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("the core is beside this").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(fs::read_to_string(path).expect("sources are text"));
        }
    }
    all
}
