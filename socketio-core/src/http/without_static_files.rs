//! Without the feature `static-files` there are none.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Response, Uri};
use http_body::{Body as HttpBody, Frame};

use crate::engine::Reached;

#[derive(Clone, Debug)]
pub(super) enum Files {}

impl Files {
    pub(super) fn has_rule_for(&self, _: &Uri) -> bool {
        match *self {}
    }

    pub(super) async fn answer(&self, _: &Parts, _: &Reached) -> Option<Response<FileBody>> {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) enum FileBody {}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match *self {}
    }
}
