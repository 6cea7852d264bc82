//! The tables for those who come from elsewhere name what there is.

use std::fs;

use crate::messages::sources;
use crate::page::{Page, docs};

/// Names that are others', in the column of ours.
const OF_OTHERS: &[&str] = &["spawn", "sleep"];

#[test]
fn every_name_of_ours_in_the_migration_tables_is_in_the_sources() {
    let sources = sources();
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in ["python-socketio", "node", "socketioxide"] {
        let text = fs::read_to_string(docs().join(format!("migration/{page}.md"))).expect("it is there");
        let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
        for row in rows {
            let ours = row.split(" | ").nth(1).unwrap_or_default();
            for name in ours.split('`').skip(1).step_by(2).flat_map(called) {
                count += 1;
                if !OF_OTHERS.contains(&name) && !is_there(&sources, name) {
                    wrong.push(format!("{page}: {name}: {row}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 120, "only {count} names");
}

/// What is called in a piece of code: `io.to(room).emit(…)` calls `to` and `emit`.
fn called(code: &str) -> Vec<&str> {
    let ends = code.match_indices('(').map(|(at, _)| at);
    let name = |end: usize| {
        let before = code[..end].trim_end_matches(['>', 'T']).trim_end_matches("::<");
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        before[start..].trim()
    };
    ends.map(name).filter(|name| !name.is_empty()).collect()
}

fn is_there(sources: &str, name: &str) -> bool {
    let mut ways = ["fn ", "struct ", "enum ", "macro_rules! ", "    ", "type "].into_iter();
    ways.any(|way| {
        sources.match_indices(&format!("{way}{name}")).any(|(at, found)| {
            sources[at + found.len()..].starts_with(|c: char| !c.is_alphanumeric() && c != '_')
        })
    })
}

#[test]
fn names_are_found_in_pieces_of_code() {
    assert_eq!(called("io.to(room).emit_with_ack::<T>(event).await?"), ["to", "emit_with_ack"]);
    assert_eq!(called("Session<T>"), Vec::<&str>::new());
    assert!(is_there("pub fn emit(&self)", "emit") && !is_there("pub fn emitted(&self)", "emit"));
}

#[test]
fn the_chapter_on_limits_has_every_bound_and_no_option_that_there_is_not() {
    let page = Page::read(&docs().join("limits.md"));
    let limits =
        fs::read_to_string(docs().join("../socketio-core/src/engine/limits.rs")).expect("it is there");
    let (_, names) = limits.split_once("fn option(").expect("bounds have names");
    let (names, _) = names.split_once("fn is_usual").expect("it ends");
    let missing: Vec<_> = names
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|name| !page.quoted.iter().any(|quoted| quoted == name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");

    let sources = sources();
    let is_option = |name: &&String| name.starts_with("max_") || name.ends_with("_timeout");
    let unknown: Vec<_> =
        page.quoted.iter().filter(is_option).filter(|name| !is_there(&sources, name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
