//! A server of the test's own, on a free port of this machine.

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
};
use socketio_core::{Drained, Server, http::App, server::ServeError};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower_service::Service;

use crate::wait::{until, within};

/// A server that serves until it is stopped or the test ends.
#[derive(Debug)]
pub struct Running {
    pub io: Server,
    pub port: u16,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<Drained, ServeError>>,
}

impl Running {
    pub async fn start(io: Server) -> Self {
        let app = App::new(&io);
        Self::start_app(app, io).await
    }

    /// A server with files, or with another application behind it.
    pub async fn start_app<F, R>(app: App<F>, io: Server) -> Self
    where
        F: Service<Request<Incoming>, Response = Response<R>> + Clone + Send + 'static,
        F::Future: Send + 'static,
        F::Error: Into<BoxError>,
        R: Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(app.serve(listener, stopped));
        Self { io, port, stop, serving }
    }

    /// Shuts down and tells what was not delivered.
    pub async fn stop(self) -> Drained {
        let _ = self.stop.send(());
        let served = within("the shutdown", self.serving).await;
        served.expect("serving does not panic").expect("serving does not fail")
    }

    /// Waits until nothing is left of any client.
    #[track_caller]
    pub fn is_empty(&self) -> impl Future<Output = ()> + '_ {
        until("the server's counters to be zero", || {
            let counters = self.io.counters();
            let left = (
                counters.sessions,
                counters.sockets,
                counters.rooms,
                counters.pending_acks,
                counters.handlers_running,
            );
            if left == (0, 0, 0, 0, 0) { Ok(()) } else { Err(Box::new(counters)) }
        })
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
