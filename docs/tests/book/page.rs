//! A chapter, read: its headings, its links, its blocks of code.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A file of Markdown.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    /// What headings are called in a link.
    pub(crate) anchors: Vec<String>,
    pub(crate) links: Vec<String>,
    /// Language and text.
    pub(crate) blocks: Vec<(String, String)>,
    /// What stands in `code` outside of blocks.
    pub(crate) quoted: Vec<String>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut page = Page { path: path.to_owned(), ..Page::default() };
        let (mut heading, mut block) = (None::<String>, None::<(String, String)>);
        let mut used = HashMap::new();
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.push(anchor(&heading.take().expect("it has begun"), &mut used));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => "indented".to_owned(),
                    };
                    block = Some((info, String::new()));
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.to_string());
                }
                Event::Text(text) | Event::Code(text) if heading.is_some() || block.is_some() => {
                    heading
                        .iter_mut()
                        .chain(block.iter_mut().map(|(_, code)| code))
                        .for_each(|part| *part += &text);
                }
                Event::Code(code) => page.quoted.push(code.to_string()),
                _ => {}
            }
        }
        page
    }
}

/// The folder of the book.
pub(crate) fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of Markdown below `folder`.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(&*name, "target" | "node_modules") && !name.starts_with('.') {
                found.extend(below(&path));
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// As GitHub and mdBook have it: lower case, hyphens for spaces, no punctuation, a number where it is there already.
fn anchor(heading: &str, used: &mut HashMap<String, usize>) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ => c.is_alphanumeric().then_some(c),
    });
    let name: String = kept.flat_map(char::to_lowercase).collect();
    let before = used.entry(name.clone()).or_default();
    *before += 1;
    if *before == 1 { name } else { format!("{name}-{}", *before - 1) }
}
