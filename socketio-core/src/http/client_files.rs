//! The files of the official browser client, as Node's server serves them below its path.
//!
//! ```text
//! GET /socket.io/socket.io.min.js       200   etag: "4.8.4"   cache-control: public, max-age=0   content-encoding: br, gzip, deflate
//! if-none-match: "4.8.4"                304
//! ```
//!
//! The folder is read once, when the server is built, and only for the names that are known here: no request names a file.
//! A file `x.js.br` beside `x.js`, as `make client` puts it there, is what browsers that accept brotli get.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use sha1::{Digest as _, Sha1};

use super::body::Body;
use super::path::PathRule;
use crate::engine::Encoding;

/// The bundles; each may have a source map beside it.
const BUNDLES: [&str; 4] =
    ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

/// The files of one version of the client. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct ClientFiles {
    files: Arc<[File]>,
    /// The client's version in quotes, or what stands for it.
    etag: HeaderValue,
}

#[derive(Debug)]
struct File {
    name: String,
    content_type: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    /// Made when first asked for.
    gzip: OnceLock<Bytes>,
    deflate: OnceLock<Bytes>,
}

impl ClientFiles {
    /// Reads `folder`, which has at least one of the bundles.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        for bundle in BUNDLES {
            for (name, content_type) in [
                (bundle.to_owned(), "application/javascript; charset=utf-8"),
                (format!("{bundle}.map"), "application/json; charset=utf-8"),
            ] {
                if let Some(plain) = read(&folder.join(&name))? {
                    let brotli = read(&folder.join(format!("{name}.br")))?;
                    let (gzip, deflate) = Default::default();
                    files.push(File { name, content_type, plain, brotli, gzip, deflate });
                }
            }
        }
        if files.is_empty() {
            return Err(format!("{} has none of {}", folder.display(), BUNDLES.join(", ")));
        }
        let etag =
            HeaderValue::from_str(&format!("\"{}\"", version(&files))).map_err(|error| error.to_string())?;
        Ok(ClientFiles { files: files.into(), etag })
    }

    /// The answer to a request for one of the files; `None` when it is for something else.
    pub(crate) fn answer(&self, rule: &PathRule, request: &Parts) -> Option<Response<Body>> {
        if request.method != Method::GET && request.method != Method::HEAD {
            return None;
        }
        let name = rule.below(request.uri.path())?;
        let file = self.files.iter().find(|file| file.name == name)?;
        let mut response = Response::new(Body::empty());
        if self.is_known(&request.headers) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().insert(ETAG, self.etag.clone());
            return Some(response);
        }
        let (bytes, encoding) = file.encoded(request.headers.get(ACCEPT_ENCODING));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0"));
        headers.insert(ETAG, self.etag.clone());
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        // For HEAD the host server leaves it out and tells its length.
        *response.body_mut() = Body::full(bytes);
        Some(response)
    }

    /// Whether the client has this version.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
        let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes())
    }
}

impl File {
    fn encoded(&self, accept: Option<&HeaderValue>) -> (Bytes, Option<&'static str>) {
        let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let Some(encoding) = Encoding::choose(accept, self.brotli.is_some()) else {
            return (self.plain.clone(), None);
        };
        let made = match encoding {
            Encoding::Brotli => self.brotli.as_ref(),
            Encoding::Gzip => Some(self.gzip.get_or_init(|| encoding.encode(&self.plain).into())),
            Encoding::Deflate => Some(self.deflate.get_or_init(|| encoding.encode(&self.plain).into())),
        };
        match made {
            Some(bytes) if !bytes.is_empty() => (bytes.clone(), Some(encoding.name())),
            _ => (self.plain.clone(), None),
        }
    }
}

/// `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Bytes>, String> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LARGEST => {
            return Err(format!("{} is larger than 16 MiB", path.display()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    }
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some(bytes.into()))
}

/// No bundle comes near.
const LARGEST: u64 = 16 << 20;

/// What the bundles say in their first lines, `Socket.IO v4.8.4`; else a digest of all.
fn version(files: &[File]) -> String {
    let said = files.iter().find_map(|file| {
        let head = String::from_utf8_lossy(file.plain.get(..200)?).into_owned();
        let (_, rest) = head.split_once("Socket.IO v")?;
        let version: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
        (!version.is_empty()).then_some(version)
    });
    said.unwrap_or_else(|| {
        let mut digest = Sha1::new();
        files.iter().for_each(|file| digest.update(&file.plain));
        digest.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect()
    })
}

#[cfg(test)]
mod tests;
