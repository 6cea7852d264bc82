//! Files and folders that are served beside Socket.IO, by rules as python-socketio has them.
//!
//! ```text
//! rule("/", "latency.html")      GET /                     latency.html              text/html
//! rule("/static", "./public")    GET /static/css/a.css     ./public/css/a.css        text/css
//!                                GET /static/              ./public/index.html       text/html
//! rule("", "image.gif")          GET /static/              ./public/image.gif        image/gif
//! ```
//!
//! The rule with the longest URL that a path begins with is the one that holds. What it names is opened beneath its folder by `cap-std`,
//! which no link, dot or prefix leads out of; ranges, validators and conditions are those of `tower-http`.
//!
//! Guide: "Serving Static Files".

mod body; // a file's bytes, as many as were promised
mod opening; // the file that a path names, never outside of its folder
mod rules; // which rule holds
mod serving; // headers, ranges, conditions

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::HeaderValue;
use tokio::sync::Semaphore;

pub(super) use self::body::FileBody;
use self::rules::Rules;
pub(super) use self::serving::Files;
use super::app::App;

/// Which files are served at which URLs: the `static_files` of python-socketio's applications.
///
/// ```
/// use socketio_core::StaticFiles;
/// use socketio_core::http::StaticFile;
///
/// let files = StaticFiles::new()
///     .rule("/", "latency.html")
///     .rule("/static", "./public")
///     .rule("/notes", StaticFile::new("notes").content_type("text/plain"));
/// // The same rules as a list:
/// let files = StaticFiles::from([("/", "latency.html"), ("/static", "./public"), ("", "index.html")]);
/// ```
///
/// * A rule names a file or a folder, seen from the current directory at the time when the rule is given. The names are looked up anew
///   for each request: files may come and go, and a folder may be a link that changes.
/// * Of a folder everything is served, at any depth, but nothing outside of it: links that lead out are not followed, `..` and its
///   disguises name nothing. The file of a rule may be a link to anywhere, as it was named by you.
/// * The type of `.css`, `.gif`, `.html`, `.jpg`, `.js`, `.json`, `.png` and `.txt` is known, all else is
///   `application/octet-stream`, unless the rule gives one.
/// * `GET` and `HEAD` are answered with `ETag`, `Last-Modified` and `Accept-Ranges`; a single range is sent alone, several as the whole
///   file; `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since` and `If-Range` are heeded. Other methods go to the
///   [fallback](App::fallback), and where there is none are answered 405.
/// * Where there is no such file the request goes to the fallback, too. A file that the system refuses to open is answered 500, and the log
///   tells why; one that ends or fails half-way ends its connection, so that no client takes a part for the whole.
#[derive(Clone, Debug)]
pub struct StaticFiles {
    rules: Rules,
    max_open_files: usize,
}

/// A file or folder on the disk, and what its type is.
#[derive(Clone, Debug)]
pub struct StaticFile {
    path: PathBuf,
    content_type: Option<HeaderValue>,
}

impl StaticFiles {
    /// No rules yet. A URL that ends with a slash stands for the `index.html` in its folder.
    #[must_use]
    pub fn new() -> Self {
        StaticFiles { rules: Rules::default(), max_open_files: 256 }
    }

    /// Serves `file`, which may be a folder, at `url`, in the place of what was served there.
    ///
    /// The `url` is a path as people write it, not percent-encoded; a slash at its beginning is added where it is missing. The empty `url`
    /// gives the file's name for those that end with a slash, default `index.html`; the name is seen from their folder, and the
    /// content type of this rule is before the folder's.
    #[must_use]
    pub fn rule(mut self, url: &str, file: impl Into<StaticFile>) -> Self {
        self.rules.add(url, file.into());
        self
    }

    /// Files that are open at a time, for all clients: each takes a descriptor. Default: 256.
    ///
    /// Requests beyond are answered 503, `retry-after: 1`, and counted in [`Counters::files_full`](crate::Counters::files_full).
    #[must_use]
    pub fn max_open_files(mut self, files: usize) -> Self {
        self.max_open_files = files;
        self
    }
}

impl Default for StaticFiles {
    fn default() -> Self {
        StaticFiles::new()
    }
}

impl<U: AsRef<str>, F: Into<StaticFile>> FromIterator<(U, F)> for StaticFiles {
    fn from_iter<I: IntoIterator<Item = (U, F)>>(rules: I) -> Self {
        rules.into_iter().fold(StaticFiles::new(), |files, (url, file)| files.rule(url.as_ref(), file))
    }
}

impl<U: AsRef<str>, F: Into<StaticFile>, const N: usize> From<[(U, F); N]> for StaticFiles {
    fn from(rules: [(U, F); N]) -> Self {
        rules.into_iter().collect()
    }
}

impl StaticFile {
    /// A file or folder, seen from the current directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        StaticFile { path: path.into(), content_type: None }
    }

    /// Its `Content-Type`; that of every file in it, if it is a folder. Default: by the file's extension.
    ///
    /// # Panics
    ///
    /// `content_type` is no header's value: it has control characters.
    #[must_use]
    #[track_caller]
    pub fn content_type(mut self, content_type: &str) -> Self {
        let Ok(value) = HeaderValue::from_str(content_type) else {
            panic!("a content type is a header's value, as text/plain is: {content_type:?}");
        };
        self.content_type = Some(value);
        self
    }
}

impl From<&str> for StaticFile {
    fn from(path: &str) -> Self {
        StaticFile::new(path)
    }
}

impl From<String> for StaticFile {
    fn from(path: String) -> Self {
        StaticFile::new(path)
    }
}

impl From<&Path> for StaticFile {
    fn from(path: &Path) -> Self {
        StaticFile::new(path)
    }
}

impl From<PathBuf> for StaticFile {
    fn from(path: PathBuf) -> Self {
        StaticFile::new(path)
    }
}

impl<F> App<F> {
    /// Serves files beside Socket.IO. A second call replaces the rules of the first.
    #[must_use]
    pub fn static_files(self, files: impl Into<StaticFiles>) -> Self {
        let StaticFiles { rules, max_open_files } = files.into();
        self.with_files(Files::new(
            rules,
            Arc::new(Semaphore::new(max_open_files.min(Semaphore::MAX_PERMITS))),
        ))
    }
}
