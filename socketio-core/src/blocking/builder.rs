//! Options that a server for threads has beside those of every server.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::Server;
use crate::http::App;
use crate::server::builder::sealed::Sealed;
use crate::server::{self, BuildError, Built};

/// Options of a [`Server`], each with its default: those of [every server](server::ServerBuilder), and some of its own.
pub type ServerBuilder = server::ServerBuilder<Server>;

/// Those of a server for threads alone; see the setters of [`ServerBuilder`].
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Options {
    worker_threads: Option<usize>,
    pub(super) files: Option<Files>,
}

/// Puts static files before the application on the same port.
#[derive(Clone)]
pub(super) struct Files(Arc<dyn Fn(App) -> App + Send + Sync>);

impl Files {
    pub(super) fn before(&self, app: App) -> App {
        self.0(app)
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

impl Sealed for Server {}

impl Built for Server {
    type Options = Options;
    const BLOCKS: bool = true;
}

impl server::ServerBuilder<Server> {
    pub(super) fn of_threads() -> Self {
        Self::default().threads(THREADS).async_handlers(false)
    }

    /// Threads that handlers run on: how many of them may block at the same time. They are made when they are first needed, and end
    /// when they have had nothing to do for a while. More handlers than that wait for their turn. Default: 100.
    ///
    /// The async server calls it [`max_blocking_handlers`](Self::max_blocking_handlers), which is the same option.
    pub fn threads(self, count: usize) -> Self {
        self.max_blocking_handlers(count)
    }

    /// Threads that serve connections: HTTP, WebSockets, pings, the brokers' links. No function of the program blocks them. Default: one
    /// for each processor core.
    pub fn worker_threads(mut self, count: usize) -> Self {
        self.own.worker_threads = Some(count);
        self
    }

    /// Makes the server, with threads of its own, and starts its adapter. It serves nothing yet.
    ///
    /// # Errors
    ///
    /// [`BuildError::Option`] names the option whose value cannot work; [`BuildError::Threads`]: the system gives no threads.
    pub fn build(mut self) -> Result<Server, BuildError> {
        let files = self.own.files.take();
        let own = &self.own;
        if own.worker_threads == Some(0) {
            return Err(server::builder::wrong("worker_threads", "0 threads serve nobody"));
        }
        let mut runtime = Builder::new_multi_thread();
        runtime.enable_all().thread_name("socketio");
        runtime.max_blocking_threads(self.limits.blocking_handlers.saturating_add(OTHERS));
        if let Some(count) = own.worker_threads {
            runtime.worker_threads(count);
        }
        let runtime = runtime.build().map_err(BuildError::Threads)?;
        let inner = {
            let _inside = runtime.enter();
            self.build_here()?
        };
        Ok(Server::new(inner, runtime, files))
    }
}

#[cfg(feature = "static-files")]
impl server::ServerBuilder<Server> {
    /// Files that [`serve`](Server::serve) gives to those who ask for them, beside Socket.IO. Default: none.
    ///
    /// Their rules: [`StaticFiles`](crate::StaticFiles). What is no file goes to the [fallback](Server::fallback).
    pub fn static_files(mut self, files: crate::StaticFiles) -> Self {
        self.own.files = Some(Files(Arc::new(move |app| app.static_files(files.clone()))));
        self
    }
}

const THREADS: usize = 100;
/// Threads that the runtime may have for other things that block: it looks up names, and reads files.
const OTHERS: usize = 512;
