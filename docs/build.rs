//! Finds what there is to compile in the book: every chapter for rustdoc, every whole program for `programs.rs`.
//!
//! ```text
//! rooms.md ─┬─ chapters.rs   a module whose documentation is the chapter: rustdoc compiles, and runs, its blocks
//!           └─ rooms.rs      its first block with a `fn main` that the reader sees
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

fn main() -> io::Result<()> {
    let docs = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut pages = BTreeMap::from([("readme".to_owned(), docs.join("../README.md"))]);
    find_pages(&docs, "", &mut pages)?;

    let (mut chapters, mut programs) = (String::new(), String::new());
    let mut names = Vec::new();
    for (name, page) in &pages {
        println!("cargo::rerun-if-changed={}", page.display());
        _ = writeln!(chapters, "#[doc = include_str!({page:?})]\nmod {name} {{}}");
        for (number, program) in whole_programs(&fs::read_to_string(page)?).iter().enumerate() {
            let name = if number == 0 { name.clone() } else { format!("{name}_{}", number + 1) };
            let file = out.join(format!("{name}.rs"));
            fs::write(&file, runnable(program))?;
            _ = writeln!(programs, "#[path = {file:?}]\nmod {name};");
            names.push(name);
        }
    }
    let runs: String = names.iter().map(|name| format!("{name:?} => {name}::run(),")).collect();
    _ = writeln!(programs, "const NAMES: &[&str] = &{names:?};");
    _ = writeln!(
        programs,
        "fn run(name: &str) -> Option<ExitCode> {{ Some(match name {{ {runs} _ => return None }}) }}"
    );
    fs::write(out.join("chapters.rs"), chapters)?;
    fs::write(out.join("programs.rs"), programs)
}

/// The Markdown below `folder`, by the names of the modules: `deployment_axum` is `deployment/axum.md`.
fn find_pages(folder: &Path, prefix: &str, pages: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase().replace('-', "_");
        if path.is_dir() {
            find_pages(&path, &format!("{prefix}{stem}_"), pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.insert(format!("{prefix}{stem}"), path);
        }
    }
    Ok(())
}

/// The blocks of Rust with a `main` that is not hidden.
fn whole_programs(page: &str) -> Vec<String> {
    let mut programs = Vec::new();
    let mut block = None;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if info.starts_with("rust") => {
                block = Some(String::new());
            }
            Event::Text(text) => {
                if let Some(block) = &mut block {
                    block.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => programs.extend(block.take()),
            _ => {}
        }
    }
    let is_main = |line: &str| line.starts_with("fn main(") || line.starts_with("async fn main(");
    programs.retain(|program| program.lines().any(is_main));
    programs
}

/// The program as a module: where it listens, and where its broker is, may be said from outside.
fn runnable(program: &str) -> String {
    let mut module = String::from(
        "#![allow(clippy::all, missing_docs, unreachable_pub, dead_code, reason = \"pieces of pages\")]\n",
    );
    for line in program.lines() {
        if !line.starts_with("//!") {
            module.push_str(line.strip_prefix("# ").unwrap_or(line));
            module.push('\n');
        }
    }
    for address in ["127.0.0.1:3000", "0.0.0.0:3000"] {
        module = module.replace(&format!("{address:?}"), "crate::address()");
    }
    module = module.replace("\"redis://localhost\"", "crate::redis()");
    module.push_str("\npub(crate) fn run() -> std::process::ExitCode {\n    std::process::Termination::report(main())\n}\n");
    module
}
