//! Middlewares of events: what stands between an event and its handler.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::ack::reply;
use super::class::Methods;
use super::context::{Context, kind::Middleware};
use super::extract::{FromContext, Rejection};
use super::function::{Called, Function};
use super::reply::HandlerError;
use crate::protocol::args::{ArgsRef, EncodeError, IntoArgs, RawArgs};
use crate::server::{Socket, table::Layers};

/// What comes behind a middleware: the next one, at last the event's handler.
///
/// [`run`](Self::run) lets the event pass, and gives the handler's answer; what the middleware returns is the client's ack. Without
/// `run` the event ends here.
///
/// ```no_run
/// use socketio_core::handler::{HandlerError, Next, Session};
/// use socketio_core::RawArgs;
/// # struct User { is_admin: bool }
///
/// async fn admins_only(user: Option<Session<User>>, next: Next) -> Result<RawArgs, HandlerError> {
///     match user {
///         Some(user) if user.is_admin => next.run().await,
///         _ => Err(HandlerError::ack("forbidden")),
///     }
/// }
/// # fn example(io: socketio_core::Server) {
/// io.of("/admin").use_event(admins_only);
/// # }
/// ```
#[must_use = "the event ends here unless it is run"]
pub struct Next {
    way: Arc<Way>,
    /// Which middleware it is; behind the last one is the handler.
    at: usize,
    event: Arc<str>,
    args: RawArgs,
}

/// An event on its way through middlewares.
struct Way {
    socket: Socket,
    middlewares: Vec<Function>,
    end: End,
    /// The id of the ack that the client asked for, until somebody takes it.
    ack: SharedAck,
}

type SharedAck = Arc<Mutex<Option<u64>>>;

/// Where the way ends.
pub(super) enum End {
    /// At whoever handles events of this name.
    Handlers,
    /// At a method of a class.
    Methods(Arc<Methods>),
}

impl End {
    fn handler(&self, socket: &Socket, event: &str) -> Option<Function> {
        match self {
            End::Handlers => Layers::of(socket).event(event),
            End::Methods(methods) => methods.method(event).cloned(),
        }
    }

    fn handles(&self, socket: &Socket, event: &str) -> bool {
        match self {
            End::Handlers => Layers::of(socket).handle(event),
            End::Methods(methods) => methods.method(event).is_some(),
        }
    }
}

/// What a middleware or handler on the way sees of it.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    next: &'a Next,
    pub(super) slot: &'a Arc<Slot>,
}

/// Where one that was run leaves its answer.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Result<RawArgs, HandlerError>>>);

impl Next {
    /// Runs what comes behind, and gives the handler's answer.
    ///
    /// # Errors
    ///
    /// The handler's own, to be passed on or dealt with: it is logged and counted where it leaves the first middleware. An error
    /// without any words stands for a handler that did not run, because [there is none](Self::is_handled) or an argument did not fit.
    pub async fn run(self) -> Result<RawArgs, HandlerError> {
        let slot = Arc::new(Slot::default());
        if let Called::Future(handler) | Called::Blocking(handler) = self.call(&slot)? {
            handler.await;
        }
        slot.take().unwrap_or_else(|| Err(HandlerError::silent()))
    }

    fn call(&self, slot: &Arc<Slot>) -> Result<Called, HandlerError> {
        let socket = &self.way.socket;
        let handler;
        let function = match self.way.middlewares.get(self.at) {
            Some(middleware) => middleware,
            None => {
                handler = self.way.end.handler(socket, &self.event);
                match &handler {
                    Some(handler) => handler,
                    None => {
                        crate::server::unhandled(socket, &self.event);
                        return Err(HandlerError::silent());
                    }
                }
            }
        };
        let args = self.args.as_ref()?;
        let mut context = Context::on_the_way(socket, &self.event, &args, Step { next: self, slot });
        Ok(function(&mut context))
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn socket(&self) -> &Socket {
        &self.way.socket
    }

    /// The name under which it goes on.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Whether anybody handles it.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.way.end.handles(&self.way.socket, &self.event)
    }

    /// Goes on as another event: who handles it is looked up by that name.
    pub fn with_event(mut self, event: &str) -> Self {
        self.event = event.into();
        self
    }

    /// Goes on with other arguments.
    ///
    /// # Errors
    ///
    /// They cannot be JSON.
    pub fn with_args(mut self, args: impl IntoArgs) -> Result<Self, EncodeError> {
        self.args = RawArgs::encode(&args)?;
        Ok(self)
    }
}

/// Sends an event on its way: through the middlewares, to its handler, and the answer to the client.
pub(crate) fn pass(
    socket: &Socket,
    event: &str,
    args: RawArgs,
    ack: Option<u64>,
    middlewares: Vec<Function>,
) -> Called {
    let ack = Arc::new(Mutex::new(ack));
    let way = Way { socket: socket.clone(), middlewares, end: End::Handlers, ack };
    way.start(event, args, None)
}

/// The same for an event that is being handled: its ack is still the client's, its answer goes where the handler's would have gone.
pub(super) fn pass_on(context: &mut Context<'_>, middlewares: Vec<Function>, end: End) -> Called {
    let (socket, event) = (context.socket().clone(), context.event_name());
    let args = context.args.map(ArgsRef::to_raw).unwrap_or_default();
    let (ack, slot) = match &context.step {
        Some(step) => (step.next.way.ack.clone(), Some(step.slot.clone())),
        None => (Arc::new(Mutex::new(context.ack.take())), None),
    };
    Way { socket, middlewares, end, ack }.start(event, args, slot)
}

impl Way {
    /// Sends an event on its way; its answer goes to `slot`, or else to the client.
    fn start(self, event: &str, args: RawArgs, slot: Option<Arc<Slot>>) -> Called {
        let way = Arc::new(self);
        let next = Next { way: way.clone(), at: 0, event: event.into(), args };
        Called::Future(Box::pin(async move {
            let event = next.event.clone();
            let answer = next.run().await;
            let id = if slot.is_none() { way.take_ack() } else { None };
            reply(&way.socket, &event, id, slot.as_deref(), answer);
        }))
    }

    fn take_ack(&self) -> Option<u64> {
        self.ack.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Step<'_> {
    pub(super) fn take_ack(&self) -> Option<u64> {
        self.next.way.take_ack()
    }
}

impl Slot {
    pub(super) fn put(&self, answer: Result<RawArgs, HandlerError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take(&self) -> Option<Result<RawArgs, HandlerError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl FromContext<Middleware> for Next {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let Step { next, .. } = context.step.ok_or(Rejection::Absent("event on its way"))?;
        Ok(Next {
            way: next.way.clone(),
            at: next.at + 1,
            event: next.event.clone(),
            args: next.args.clone(),
        })
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("event", &self.event).finish_non_exhaustive()
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.next.fmt(f)
    }
}
