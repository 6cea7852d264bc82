//! A file's bytes: as many as were promised, or an error that ends the connection.
//!
//! A file that was cut short meanwhile, or cannot be read to its end, must not pass for a whole one; one that has grown is sent as long
//! as it was.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::serving::FileLog;

/// What of a file is sent.
#[derive(Debug)]
pub(crate) struct FileBody(Option<Sending>);

#[derive(Debug)]
struct Sending {
    bytes: BoxedBytes,
    left: u64,
    path: PathBuf,
    log: Arc<FileLog>,
    /// One file that is open.
    _open: OwnedSemaphorePermit,
}

pub(super) type BoxedBytes = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;

impl FileBody {
    pub(super) fn empty() -> Self {
        FileBody(None)
    }

    /// The first `left` of `bytes`, which are those of the file at `path`.
    pub(super) fn new(
        bytes: BoxedBytes,
        left: u64,
        path: PathBuf,
        log: Arc<FileLog>,
        open: OwnedSemaphorePermit,
    ) -> Self {
        FileBody((left > 0).then_some(Sending { bytes, left, path, log, _open: open }))
    }
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(sending) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let read = match ready!(Pin::new(&mut sending.bytes).poll_frame(cx)) {
            Some(Ok(frame)) => frame.into_data().map_err(|_| io::ErrorKind::InvalidData.into()),
            Some(Err(error)) => Err(error),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter")),
        };
        match read {
            Ok(mut piece) => {
                piece.truncate(usize::try_from(sending.left).unwrap_or(usize::MAX));
                sending.left -= piece.len() as u64;
                if sending.left == 0 {
                    self.0 = None;
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Err(error) => {
                sending.log.broken_off(&sending.path, &error);
                self.0 = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |sending| sending.left))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};
    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn a_file_that_has_grown_is_sent_as_long_as_it_was() {
        let (mut body, open) = body(5, vec![Ok("abc"), Ok("defg"), Ok("h")]);
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(next(&mut body), Some(Ok("abc".into())));
        assert_eq!(next(&mut body), Some(Ok("de".into())));
        assert!(body.is_end_stream());
        assert_eq!(next(&mut body), None);
        assert_eq!(open.available_permits(), 1, "it is closed when it has been read");
    }

    #[test]
    fn a_file_that_ends_early_or_cannot_be_read_is_an_error_once() {
        for (rest, kind) in [
            (vec![Ok("abc")], io::ErrorKind::UnexpectedEof),
            (vec![Ok("abc"), Err(io::ErrorKind::StorageFull.into())], io::ErrorKind::StorageFull),
        ] {
            let (mut body, open) = body(5, rest);
            assert_eq!(next(&mut body), Some(Ok("abc".into())));
            assert_eq!(next(&mut body), Some(Err(kind)));
            assert_eq!(next(&mut body), None);
            assert_eq!(open.available_permits(), 1);
        }
    }

    fn body(length: u64, pieces: Vec<Result<&'static str, io::Error>>) -> (FileBody, Arc<Semaphore>) {
        let pieces = pieces.into_iter().map(|piece| piece.map(|text| Frame::data(Bytes::from(text))));
        let bytes = StreamBody::new(stream::iter(pieces)).boxed_unsync();
        let open = Arc::new(Semaphore::new(1));
        let permit = open.clone().try_acquire_owned().unwrap();
        (FileBody::new(bytes, length, PathBuf::from("file"), Arc::default(), permit), open)
    }

    fn next(body: &mut FileBody) -> Option<Result<Bytes, io::ErrorKind>> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(frame)) => {
                Some(frame.map(|frame| frame.into_data().unwrap()).map_err(|error| error.kind()))
            }
            Poll::Ready(None) => None,
            Poll::Pending => panic!("there is no more to come"),
        }
    }
}
