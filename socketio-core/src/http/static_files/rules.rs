//! Which rule holds for a path, and which file that means.

use std::path::{Path, PathBuf};

use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use super::StaticFile;

/// URLs and what is served there.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    rules: Vec<(String, StaticFile)>,
    /// Of URLs that end with a slash.
    default: StaticFile,
}

/// What a request is for, if it is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// A file or folder, as a rule names it.
    pub(super) place: PathBuf,
    /// Below the place, if that is a folder: names without dots, prefixes and separators. Empty for the place itself.
    pub(super) below: PathBuf,
    /// The file to take when place and below are a folder.
    pub(super) default: Option<PathBuf>,
    content_type: Option<HeaderValue>,
    default_type: Option<HeaderValue>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { rules: Vec::new(), default: StaticFile::new("index.html") }
    }
}

impl Rules {
    pub(super) fn add(&mut self, url: &str, mut file: StaticFile) {
        if url.is_empty() {
            self.default = file;
            return;
        }
        // The current directory may be another when it is asked for. Where there is none, the relative path will have to do.
        file.path = std::path::absolute(&file.path).unwrap_or(file.path);
        let url = if url.starts_with('/') { url.to_owned() } else { format!("/{url}") };
        self.rules.retain(|(other, _)| *other != url);
        self.rules.push((url, file));
    }

    /// What the rule for `uri` means, if there is a rule and the path names anything.
    pub(super) fn find(&self, uri: &Uri) -> Option<Wanted> {
        let path = percent_decode_str(uri.path()).decode_utf8().ok()?;
        let matches = self.rules.iter().filter_map(|(url, file)| Some((Match::of(url, &path)?, file)));
        let (found, file) = matches.max_by_key(|(found, _)| found.rank)?;
        let asks_for_default = path.ends_with('/');
        Some(Wanted {
            place: file.path.clone(),
            below: names(found.below)?,
            default: asks_for_default.then(|| self.default.path.clone()),
            content_type: file.content_type.clone(),
            default_type: self.default.content_type.clone(),
        })
    }
}

/// That a path is for a rule.
struct Match<'a> {
    /// The whole path before a part of it, a longer part before a shorter one, no slash at its end before a slash.
    rank: (bool, usize, bool),
    /// What the path has more than the rule, without a slash before it.
    below: &'a str,
}

impl<'a> Match<'a> {
    fn of(url: &str, path: &'a str) -> Option<Self> {
        let (folder, bare) = match url.strip_suffix('/') {
            Some(folder) => (folder, false),
            None => (url, true),
        };
        if url == path {
            return Some(Match { rank: (true, folder.len(), bare), below: "" });
        }
        let below = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some(Match { rank: (false, folder.len(), bare), below })
    }
}

/// The names in `a/b` or `a/b/`; `None` when one of them is none: empty, dots, or what some system takes for more than a name.
fn names(below: &str) -> Option<PathBuf> {
    if below.is_empty() {
        return Some(PathBuf::new());
    }
    let below = below.strip_suffix('/').unwrap_or(below);
    below.split('/').all(is_name).then(|| below.split('/').collect())
}

fn is_name(name: &str) -> bool {
    let means_more = |c: char| c == '\\' || c == '\0' || (cfg!(windows) && (c == ':' || c.is_control()));
    !matches!(name, "" | "." | "..") && !name.contains(means_more)
}

impl Wanted {
    /// The content type of the file that was found: the folder's default, or the one that was asked for.
    pub(super) fn content_type(&self, is_default: bool) -> HeaderValue {
        if is_default && let Some(given) = &self.default_type {
            return given.clone();
        }
        if let Some(given) = &self.content_type {
            return given.clone();
        }
        let name = match &self.default {
            Some(default) if is_default => default,
            _ if self.below.as_os_str().is_empty() => &self.place,
            _ => &self.below,
        };
        HeaderValue::from_static(known_type(name))
    }
}

/// The guide's table: other extensions are nobody's guess.
fn known_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("css") => "text/css",
        Some("gif") => "image/gif",
        Some("html") => "text/html",
        Some("jpg") => "image/jpeg",
        Some("js") => "application/javascript",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
