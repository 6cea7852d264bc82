//! Between the broker and us: passes on, holds everything, cuts; with or without TLS on our side.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::fixture;

/// Ends its connections when it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// Connections stay, and nothing comes through: the link is half open.
    holding: bool,
    /// Connections from before end with a reset.
    cuts: usize,
}

impl Proxy {
    pub(crate) async fn start() -> Proxy {
        Proxy::with(None).await
    }

    pub(crate) async fn tls(config: ServerConfig) -> Proxy {
        Proxy::with(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    pub(crate) fn hold(&self) {
        self.state.send_modify(|state| state.holding = true);
    }

    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    async fn with(tls: Option<TlsAcceptor>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (state, watched) = watch::channel(State::default());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if watched.has_changed().is_err() {
                    return; // the proxy was dropped
                }
                tokio::spawn(serve(stream, tls.clone(), watched.clone()));
            }
        });
        Proxy { address, state }
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, state: watch::Receiver<State>) {
    let reset = |stream: &TcpStream| stream.set_zero_linger().expect("a socket can be reset");
    match tls {
        None => {
            reset(&stream);
            pass(stream, state).await;
        }
        Some(acceptor) => {
            // A client that does not trust us, or that we do not: its own error tells.
            if let Ok(stream) = acceptor.accept(stream).await {
                reset(stream.get_ref().0);
                pass(stream, state).await;
            }
        }
    }
}

async fn pass(stream: impl AsyncRead + AsyncWrite, mut state: watch::Receiver<State>) {
    let url = fixture::url();
    let broker = (url.host_str().expect("a host"), url.port().unwrap_or(5672));
    let broker = TcpStream::connect(broker).await.expect("the broker is there");
    broker.set_zero_linger().expect("a socket can be reset");
    let (client, broker) = (split(stream), split(broker));
    let cuts = state.borrow().cuts;
    let upwards = copy(client.0, broker.1, state.clone());
    let downwards = copy(broker.0, client.1, state.clone());
    tokio::select! {
        () = async { tokio::join!(upwards, downwards); } => {}
        // Dropping the proxy ends its connections as well.
        _ = state.wait_for(|state| state.cuts > cuts) => {}
    }
}

async fn copy<R: AsyncRead, W: AsyncWrite>(
    mut from: ReadHalf<R>,
    mut to: WriteHalf<W>,
    state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer).await {
        let holding = state.borrow().holding;
        if read == 0 {
            if !holding {
                let _ = to.shutdown().await;
            }
            return;
        }
        if !holding && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
