//! A class that is in charge of its events: one of its methods stands before the others, as a middleware stands before handlers.

use std::sync::Arc;

use super::Methods;
use crate::handler::function::Function;
use crate::handler::middleware::{End, pass_on};

/// Runs `dispatch`, with what it may run behind it among `methods`.
pub(super) fn function(dispatch: Function, methods: Arc<Methods>) -> Function {
    Arc::new(move |context| pass_on(context, vec![dispatch.clone()], End::Methods(methods.clone())))
}
