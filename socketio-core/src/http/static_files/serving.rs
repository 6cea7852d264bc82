//! From a request to the bytes of a file: `tower-http` does what HTTP asks for, of a file that is open already.

use std::future::{Ready, ready};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio::sync::Semaphore;
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, File as BackendFile, ServeFileSystemResponseBody};

use super::body::FileBody;
use super::opening::{Opened, open};
use super::rules::{Rules, Wanted};
use crate::engine::{Limit, Reached, RefusalLog, nearest_http_date, shown};

/// The rules, at work. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    rules: Arc<Rules>,
    may_open: Arc<Semaphore>,
    log: Arc<FileLog>,
}

impl Files {
    pub(super) fn new(rules: Rules, may_open: Arc<Semaphore>) -> Self {
        Files { rules: Arc::new(rules), may_open, log: Arc::default() }
    }

    pub(crate) fn has_rule_for(&self, uri: &Uri) -> bool {
        self.rules.find(uri).is_some()
    }

    /// The answer to a GET or HEAD; `None` where there is no such file.
    pub(crate) async fn answer(&self, request: &Parts, reached: &Reached) -> Option<Response<FileBody>> {
        let wanted = self.rules.find(&request.uri)?;
        let Ok(permit) = self.may_open.clone().try_acquire_owned() else {
            reached.note(Limit::OpenFiles, "a static file", shown(request.uri.path()));
            return Some(unavailable());
        };
        let path = wanted.path();
        let (wanted, opened) = match tokio::task::spawn_blocking(move || (open(&wanted), wanted)).await {
            Ok((Ok(opened), wanted)) => (wanted, opened?),
            Ok((Err(error), _)) => {
                self.log.not_opened(&path, &error);
                return Some(failed());
            }
            Err(error) => {
                self.log.not_opened(&path, &error.into());
                return Some(failed());
            }
        };
        let content_type = wanted.content_type(opened.is_default);
        let mut response = match respond(Source::new(opened), request).await {
            Ok(response) => response,
            Err(error) => {
                self.log.not_opened(&path, &error);
                return Some(failed());
            }
        };
        if let Some(guessed) = response.headers_mut().get_mut(CONTENT_TYPE) {
            *guessed = content_type;
        }
        let sends = request.method == Method::GET && response.status().is_success();
        let length = response.headers().get(CONTENT_LENGTH).filter(|_| sends);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
        Some(response.map(|body| FileBody::new(body.boxed_unsync(), length, path, self.log.clone(), permit)))
    }
}

/// Conditions and ranges. Several ranges are answered with the whole file, as HTTP allows.
async fn respond(source: Source, request: &Parts) -> io::Result<Response<ServeFileSystemResponseBody>> {
    let mut ask = Request::new(());
    *ask.headers_mut() = request.headers.clone();
    let mut files = ServeDir::with_backend("", source).ignore_multi_range_requests(true);
    if let Some(version) = request.headers.get(IF_RANGE) {
        // HEAD tells which version there is, and opens nothing.
        *ask.method_mut() = Method::HEAD;
        let there = files.try_call(ask.clone()).await?;
        if there.headers().get(ETAG) != Some(version) && there.headers().get(LAST_MODIFIED) != Some(version) {
            ask.headers_mut().remove(RANGE);
        }
    }
    *ask.method_mut() = request.method.clone();
    files.try_call(ask).await
}

fn unavailable() -> Response<FileBody> {
    let mut response = failed();
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn failed() -> Response<FileBody> {
    let mut response = Response::new(FileBody::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// The one file that `tower-http` may ask for, whatever path it names.
#[derive(Clone, Debug)]
struct Source {
    /// Taken by the one who reads it.
    file: Arc<Mutex<Option<std::fs::File>>>,
    about: About,
}

#[derive(Clone, Copy, Debug)]
struct About {
    length: u64,
    modified: Option<SystemTime>,
}

impl Source {
    fn new(Opened { file, metadata, .. }: Opened) -> Self {
        // A file may be of a time that HTTP has no date for; then its answer has none.
        let modified = metadata.modified().ok().filter(|time| *time == nearest_http_date(*time));
        let about = About { length: metadata.len(), modified };
        Source { file: Arc::new(Mutex::new(Some(file))), about }
    }
}

impl Backend for Source {
    type File = SourceFile;
    type Metadata = About;
    type OpenFuture = Ready<io::Result<SourceFile>>;
    type MetadataFuture = Ready<io::Result<About>>;

    fn open(&self, _: PathBuf) -> Self::OpenFuture {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        let file = file.map(|file| SourceFile { file: File::from_std(file), about: self.about });
        ready(file.ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn metadata(&self, _: PathBuf) -> Self::MetadataFuture {
        ready(Ok(self.about))
    }
}

impl tower_http::services::fs::Metadata for About {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        self.modified.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        self.length
    }
}

struct SourceFile {
    file: File,
    about: About,
}

impl BackendFile for SourceFile {
    type Metadata = About;
    type MetadataFuture<'a> = Ready<io::Result<About>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.about))
    }
}

impl AsyncRead for SourceFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(cx, buf)
    }
}

impl AsyncSeek for SourceFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.file).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.file).poll_complete(cx)
    }
}

/// What goes wrong with files, for the operator: a line a second for each way.
#[derive(Debug, Default)]
pub(super) struct FileLog(RefusalLog);

impl FileLog {
    fn not_opened(&self, path: &Path, error: &io::Error) {
        if let Some(left_out) = self.0.admit("not opened", Instant::now()) {
            tracing::error!(target: "socketio", path = %shown_path(path), %error, left_out, "cannot open a static file");
        }
    }

    pub(super) fn broken_off(&self, path: &Path, error: &io::Error) {
        if let Some(left_out) = self.0.admit("broken off", Instant::now()) {
            tracing::error!(target: "socketio", path = %shown_path(path), %error, left_out, "cannot send a static file to its end");
        }
    }
}

/// A part of it is a stranger's.
fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

impl Wanted {
    /// For the log.
    fn path(&self) -> PathBuf {
        self.place.join(&self.below)
    }
}
