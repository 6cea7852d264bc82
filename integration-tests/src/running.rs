//! A server of the test's own, on a free port of this machine.

use socketio_core::{Drained, Server, server::ServeError};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

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
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (stop, stopped) = oneshot::channel();
        let server = io.clone();
        let serving = tokio::spawn(async move {
            server
                .serve(listener, async {
                    let _ = stopped.await;
                })
                .await
        });
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
