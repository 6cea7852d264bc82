//! The checker of `docs/coverage.md`: every row of its tables names tests that exist, or says why not.
//!
//! ```text
//! | peer | ours | `file::test` "fact of a script in foreign/" |
//! | peer | why not: the reason | |
//! ```

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What there is to name.
#[derive(Debug, Default)]
struct Tests {
    /// A test's name behind each part of its file's path: `hostile::…` and `names::…` for `tests/hostile/names.rs`.
    tests: HashSet<String>,
    /// The scripts of foreign clients, whole.
    scripts: String,
}

impl Tests {
    fn of_the_repository() -> Self {
        let mut all = Tests::default();
        for folder in fs::read_dir(root()).expect("the repository is there").flatten() {
            let name = folder.file_name();
            let skipped = ["target", "fuzz", "bench"].iter().any(|skipped| name == *skipped);
            if folder.path().is_dir() && !skipped && !name.to_string_lossy().starts_with('.') {
                all.add_folder(&folder.path());
            }
        }
        all
    }

    fn add_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("it is a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(&*name, "node_modules" | ".venv" | "target") {
                    self.add_folder(&path);
                }
            } else if name.ends_with(".rs") {
                self.add_rust(&path, &fs::read_to_string(&path).expect("sources are text"));
            } else if name.ends_with(".mjs") || name.ends_with(".py") {
                self.scripts.push_str(&fs::read_to_string(&path).expect("scripts are text"));
            }
        }
    }

    /// Functions of test files count: facts that a macro turns into tests for each broker are such.
    fn add_rust(&mut self, path: &Path, source: &str) {
        let parts: Vec<_> =
            path.with_extension("").components().map(|part| part.as_os_str().to_owned()).collect();
        let is_test_file = parts.iter().any(|part| part == "tests" || part == "contract");
        let relevant =
            if is_test_file { source } else { source.split("mod tests").nth(1).unwrap_or_default() };
        for line in relevant.lines() {
            let Some((_, rest)) = line.split_once("fn ") else { continue };
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let named = |part: &std::ffi::OsString| format!("{}::{name}", part.to_string_lossy());
            self.tests.extend(parts.iter().rev().take(4).map(named));
        }
    }

    /// What is wrong with a row; `None`: nothing.
    fn wrong(&self, row: &str) -> Option<String> {
        let cells: Vec<_> = cells(row);
        let [_, ours, shown] = cells.as_slice() else {
            return Some(format!("{} cells, not three: {row}", cells.len()));
        };
        let names: Vec<_> = quoted(shown, '`');
        if names.is_empty() && !ours.starts_with("why not: ") {
            return Some(format!("neither a test nor why not: {row}"));
        }
        let missing =
            names.iter().filter(|name| !self.tests.contains(**name)).map(|name| format!("no test {name}"));
        let facts = quoted(shown, '"').into_iter().filter(|fact| !self.scripts.contains(*fact));
        missing.chain(facts.map(|fact| format!("no script has the fact {fact:?}"))).next()
    }
}

/// The cells of a row; a bar inside is written `\|`.
fn cells(row: &str) -> Vec<String> {
    let row = row.replace("\\|", "\u{0}");
    let inner = row.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// What stands between two of `mark`.
fn quoted(cell: &str, mark: char) -> Vec<&str> {
    cell.split(mark).skip(1).step_by(2).collect()
}

/// The rows of all tables, without their heads.
fn rows(document: &str) -> Vec<&str> {
    let lines: Vec<_> = document.lines().collect();
    let is_rule = |line: &&str| line.starts_with("| ---");
    let mut rows = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_head = lines.get(at + 1).is_some_and(is_rule);
        if line.starts_with('|') && !is_rule(line) && !is_head {
            rows.push(*line);
        }
    }
    rows
}

/// What stands below `## name`.
fn section<'a>(document: &'a str, name: &str) -> &'a str {
    let sections = document.split("\n## ");
    sections.into_iter().find_map(|section| section.strip_prefix(name)).expect("there is such a section")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

mod tests {
    use super::*;

    #[test]
    fn every_row_names_tests_that_exist_or_says_why_not() {
        let document = fs::read_to_string(root().join("docs/coverage.md")).expect("it is there");
        let tests = Tests::of_the_repository();
        let rows = rows(&document);
        let wrong: Vec<_> = rows.iter().filter_map(|row| tests.wrong(row)).collect();
        assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
        assert!(!rows.is_empty());
    }

    #[test]
    fn the_guide_has_a_row_for_each_group_of_its_sentences() {
        let document = fs::read_to_string(root().join("docs/coverage.md")).expect("it is there");
        assert!(rows(section(&document, "Guide")).len() >= 60);
    }

    #[test]
    fn every_advisory_of_a_peer_and_every_bug_of_the_same_kind_has_a_row() {
        let document = fs::read_to_string(root().join("docs/coverage.md")).expect("it is there");
        assert_eq!(rows(section(&document, "Advisories")).len(), 23 + 17);
    }

    #[test]
    fn a_row_that_promises_too_much_is_found() {
        let tests =
            Tests { tests: HashSet::from(["file::test".to_owned()]), scripts: "check(\"a fact\")".into() };
        assert_eq!(tests.wrong("| a | b | `file::test` \"a fact\" |"), None);
        assert_eq!(tests.wrong("| a \\| b | why not: as it is | |"), None);
        for row in [
            "| a | b | |",
            "| a | b |",
            "| a | b | `file::other` |",
            "| a | b | `file::test` `file::other` |",
            "| a | b | `file::test` \"another fact\" |",
        ] {
            assert!(tests.wrong(row).is_some(), "{row}");
        }
    }

    #[test]
    fn heads_of_tables_are_no_rows() {
        assert_eq!(
            rows("text\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n| 3 | 4 |\n"),
            ["| 1 | 2 |", "| 3 | 4 |"]
        );
    }
}
