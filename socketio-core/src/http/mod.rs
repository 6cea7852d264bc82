//! Serving: mounted into another server as a `tower` service or layer, or alone.
//!
//! ```text
//! io.service()   a service: answers for its path, 404 for the rest
//! io.layer()     a layer: answers for its path, passes on the rest
//! io.serve(..)   a server of its own: accept loop, HTTP/1 and HTTP/2, deadlines
//! App::new(&io)  all of them, with static files and another application behind
//! ```
//!
//! All end in the same place, the engine, which knows nothing of them.

#[cfg(feature = "actix")]
mod actix; // a resource of actix-web
mod app; // who answers: the engine, static files, another application
mod body; // response bodies, and request bodies nobody wants
mod client_files; // the official client, for browsers
mod connections; // the standalone server's open connections
mod health; // answers to those who ask how the server is
mod layer; // answers for its path, passes on the rest
mod listener; // what a server listens on
mod on_signals; // when the system says that it is time to end
mod path; // which requests are ours
mod service; // answers for its path, 404 for the rest
mod standalone; // the server of its own
#[cfg(feature = "static-files")]
mod static_files; // files and folders by rules
#[cfg(not(feature = "static-files"))]
#[path = "without_static_files.rs"]
mod static_files;
#[cfg(feature = "tls")]
mod tls; // HTTPS and wss
#[cfg(unix)]
mod unix; // sockets that are files
mod watch; // when a connection has been idle for too long

pub use self::app::{App, AppBody, AppFuture, NotFound};
pub use self::body::Body;
pub use self::layer::SocketIoLayer;
pub use self::listener::{IntoListener, Listener, TcpListener};
pub use self::on_signals::shutdown_signal;
pub use self::service::SocketIoService;
#[cfg(feature = "static-files")]
pub use self::static_files::{StaticFile, StaticFiles};
#[cfg(feature = "tls")]
pub use self::tls::{Handshakes, Tls, TlsAddress, TlsError, TlsListener};
#[cfg(unix)]
pub use self::unix::{UnixListener, UnixSocket};
pub use crate::engine::{Peer, Upgrade};

pub(crate) use self::body::Lent;
pub(crate) use self::client_files::ClientFiles;
pub(crate) use self::connections::Connections;
pub(crate) use self::health::HealthPath;
#[cfg(feature = "blocking")]
pub(crate) use self::listener::listen;
pub(crate) use self::path::PathRule;
