//! What every chapter has to be: in the table of contents, without a dead link, its blocks named and compiled.

use std::collections::BTreeSet;
use std::path::Path;

use crate::page::{Page, below, docs};

/// What a block may be in, beside Rust.
const LANGUAGES: &[&str] = &[
    "console",
    "css",
    "dockerfile",
    "html",
    "ini",
    "js",
    "json",
    "nginx",
    "haproxy",
    "python",
    "sh",
    "text",
    "toml",
    "yaml",
];

fn chapters() -> Vec<Page> {
    below(&docs()).iter().map(|path| Page::read(path)).collect()
}

#[test]
fn every_chapter_is_in_the_table_of_contents_once_and_nothing_else_is() {
    let summary = Page::read(&docs().join("SUMMARY.md"));
    let mut listed: Vec<_> = summary.links.iter().map(|link| docs().join(link)).collect();
    let count = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!(count, listed.len(), "a chapter is listed twice");
    let listed: BTreeSet<_> = listed.into_iter().collect();
    let there: BTreeSet<_> =
        below(&docs()).into_iter().filter(|path| !path.ends_with("SUMMARY.md")).collect();
    let missing: Vec<_> = there.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/SUMMARY.md: missing {missing:?}, not there {gone:?}"
    );
}

/// A chapter links inside the book alone, as its pages may be read without the repository around them.
#[test]
fn every_link_of_a_chapter_leads_to_a_chapter_or_a_heading_that_is_there() {
    let mut wrong = Vec::new();
    let mut links = 0;
    for page in chapters() {
        for link in page.links.iter().filter(|link| !is_outside(link)) {
            links += 1;
            if let Err(cause) = leads_somewhere(&page, link, Some(&docs())) {
                wrong.push(format!("{}: {link}: {cause}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {links} links:\n{}", wrong.len(), wrong.join("\n"));
    assert!(links > 50, "only {links} links were found");
}

#[test]
fn every_link_of_the_other_pages_leads_to_a_file_or_a_heading_that_is_there() {
    let mut wrong = Vec::new();
    for path in below(&docs().join("..")) {
        let page = Page::read(&path);
        for link in page.links.iter().filter(|link| !is_outside(link) && !is_rustdocs(link)) {
            if let Err(cause) = leads_somewhere(&page, link, None) {
                wrong.push(format!("{}: {link}: {cause}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_block_names_its_language_and_rust_is_never_ignored() {
    let mut wrong = Vec::new();
    let mut blocks = 0;
    for page in chapters() {
        for (info, code) in &page.blocks {
            let mut words = info.split([',', ' ']);
            let language = words.next().unwrap_or_default();
            let words: Vec<_> = words.collect();
            let fault = if language == "rust" {
                blocks += 1;
                let serves = ["fn main(", "serve", "bind(", "listen"].iter().any(|word| code.contains(word));
                match words.as_slice() {
                    [] | ["compile_fail"] => None,
                    ["no_run"] if serves => None,
                    ["no_run"] => Some("it could be run: only what serves for ever is `no_run`"),
                    _ => Some("it is to be compiled, and to be run unless it serves for ever"),
                }
            } else {
                (!LANGUAGES.contains(&language)).then_some("its language is unknown")
            };
            wrong.extend(fault.map(|fault| format!("{}: `{info}`: {fault}\n{code}", page.path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(blocks > 25, "only {blocks} blocks of Rust were found");
}

/// A page is compiled where it is a crate's documentation, or belongs to the book.
#[test]
fn no_page_outside_of_the_book_has_rust_that_nobody_compiles() {
    let root = docs().join("..");
    for path in below(&root).iter().filter(|path| !path.starts_with(root.join("docs"))) {
        let page = Page::read(path);
        let rust: Vec<_> = page.blocks.iter().filter(|(info, _)| info.starts_with("rust")).collect();
        let folder = path.parent().expect("it is in a folder");
        let names_it = |file: &str| {
            let source = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            source.contains("include_str!(\"../README.md\")")
                || source.contains("include_str!(\"README.md\")")
        };
        let is_compiled = *path == root.join("README.md") || names_it("src/lib.rs") || names_it("lib.rs");
        assert!(rust.is_empty() || is_compiled, "{} has blocks of Rust", path.display());
        let ignored = rust.iter().find(|(info, _)| info.contains("ignore"));
        assert_eq!(ignored, None, "{}", path.display());
    }
}

fn leads_somewhere(page: &Page, link: &str, inside: Option<&Path>) -> Result<(), String> {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let folder = page.path.parent().expect("it is in a folder");
    let target = if file.is_empty() { page.path.clone() } else { folder.join(file) };
    let target = target.canonicalize().map_err(|error| error.to_string())?;
    let inside = inside.map(|folder| folder.canonicalize().expect("it is there"));
    if inside.is_some_and(|folder| !target.starts_with(folder)) {
        return Err("it leads out of the book".to_owned());
    }
    match anchor {
        Some(anchor) if target.extension().is_some_and(|extension| extension == "md") => {
            let anchors = Page::read(&target).anchors;
            let is_there = anchors.iter().any(|name| name == anchor);
            is_there.then_some(()).ok_or_else(|| format!("no such heading among {anchors:?}"))
        }
        _ => Ok(()),
    }
}

fn is_outside(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// A name of Rust, which rustdoc checks.
fn is_rustdocs(link: &str) -> bool {
    link.contains("::") || !link.contains(['.', '/', '#'])
}
