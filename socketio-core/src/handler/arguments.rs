//! The arguments of an event.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::context::{Context, kind::HasArgs};
use super::extract::{FromContext, Rejection};
use crate::protocol::args::{ArgsRef, RawArgs};

/// The first argument of an event, as a `T`; further ones are ignored.
///
/// A missing argument counts as `null`. Bytes come as `bytes::Bytes` or through `serde_bytes`, at any depth.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::Data;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     item: String,
///     count: u32,
/// }
///
/// // socket.emit("order", { item: "tea", count: 2 })
/// io.on("order", |Data(order): Data<Order>| format!("{} of {}", order.count, order.item));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<T>(pub T);

/// All arguments of an event: `Args<(String, u32)>`.
///
/// More arguments than the tuple has do not fit: the handler does not run. Missing ones are `null`, so that trailing ones may be
/// `Option`. [`Data`] and [`RawArgs`] take any number.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use bytes::Bytes;
/// use socketio_core::Args;
///
/// // socket.emit("upload", "a.png", new Uint8Array([1, 2, 3]))
/// io.on("upload", |Args((name, content)): Args<(String, Bytes)>| (name, content.len()));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args<T>(pub T);

/// The name of the event that is handled.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{EventName, RawArgs};
///
/// io.on_any(|event: EventName, args: RawArgs| println!("{event}: [{}]", args.json()));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName(pub Arc<str>);

impl Deref for EventName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<K: HasArgs, T: DeserializeOwned> FromContext<K> for Data<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let args = arguments(context)?;
        args.first().map(Data).map_err(|error| match args.get(0) {
            None | Some("null") => Rejection::Absent("argument"),
            Some(_) => error.into(),
        })
    }
}

impl<K: HasArgs, T: DeserializeOwned> FromContext<K> for Args<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let args = arguments(context)?;
        args.all()
            .map(Args)
            .map_err(|error| if args.is_empty() { Rejection::Absent("argument") } else { error.into() })
    }
}

/// All arguments as they came; emit them again and not a digit changes.
impl<K: HasArgs> FromContext<K> for RawArgs {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(arguments(context)?.to_raw())
    }
}

impl<K: HasArgs> FromContext<K> for EventName {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(EventName(context.event_name().into()))
    }
}

fn arguments<'a>(context: &Context<'a>) -> Result<&'a ArgsRef<'a>, Rejection> {
    context.args.ok_or(Rejection::Absent("argument"))
}
