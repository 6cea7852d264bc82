//! A server of the test's own, on a free port of this machine.

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
};
use socketio_core::{Drained, Server, blocking, http::App, server::ServeError};
use tokio::{net::TcpListener, sync::oneshot};
use tower_service::Service;

use crate::wait::{until, within};

/// A server that serves until it is stopped or the test ends.
#[derive(Debug)]
pub struct Running {
    /// The server; of a blocking one what it stands for.
    pub io: Server,
    pub port: u16,
    stop: oneshot::Sender<()>,
    served: oneshot::Receiver<Result<Drained, ServeError>>,
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
        let (done, served) = oneshot::channel();
        tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            let _ = done.send(app.serve(listener, stopped).await);
        });
        Self { io, port, stop, served }
    }

    /// A server that blocks: it serves on a thread, and another closes it.
    pub fn start_blocking(io: blocking::Server) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (stop, stopped) = oneshot::channel::<()>();
        let (done, served) = oneshot::channel();
        let (serving, closing) = (io.clone(), io.clone());
        std::thread::spawn(move || {
            let _ = done.send(serving.serve(listener));
        });
        std::thread::spawn(move || {
            let _ = stopped.blocking_recv();
            closing.close();
        });
        Self { io: Server::clone(&io), port, stop, served }
    }

    /// Shuts down and tells what was not delivered.
    pub async fn stop(self) -> Drained {
        let _ = self.stop.send(());
        let served = within("the shutdown", self.served).await;
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
