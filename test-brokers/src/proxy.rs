//! Between the broker and us: passes on, holds everything, cuts; with or without TLS on our side.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::variable;

/// Ends its connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    state: watch::Sender<State>,
    said: Said,
    _kafka: Option<MutexGuard<'static, ()>>,
}

/// What clients have said, each connection's first 64 KiB.
type Said = Arc<StdMutex<Vec<Vec<u8>>>>;

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Connections stay, and nothing comes through: the link is half open.
    holding: bool,
    /// How often that has begun: those from before stay so.
    holds: usize,
    /// Connections from before end with a reset.
    cuts: usize,
}

impl Proxy {
    /// Before the broker of `url`; [`Proxy::url`] leads through it.
    pub async fn start(url: &str) -> Proxy {
        Proxy::on(free_port().await, authority(url).to_owned(), None, None)
    }

    /// The same with TLS on our side.
    pub async fn tls(url: &str, config: ServerConfig) -> Proxy {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Proxy::on(free_port().await, authority(url).to_owned(), Some(acceptor), None)
    }

    /// Before Kafka, which tells its clients where to go on: at the address that it takes for its own. There is one of them, so
    /// that the proxies of a process wait for each other.
    pub async fn kafka() -> Proxy {
        static ADDRESS: Mutex<()> = Mutex::const_new(());
        let alone = ADDRESS.lock().await;
        let address = variable("KAFKA_PROXY_LISTEN");
        // The last test's proxy goes with its runtime.
        let listener = loop {
            match TcpListener::bind(&address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        Proxy::on(listener, variable("KAFKA_PROXY_UPSTREAM"), None, Some(alone))
    }

    /// `url` with the proxy's address in the place of the broker's.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replacen(authority(url), &self.address.to_string(), 1)
    }

    /// What clients have said to the broker so far, by connection: the first 64 KiB of each.
    #[must_use]
    pub fn said(&self) -> Vec<Vec<u8>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on connections stay, and nothing comes through.
    pub fn hold(&self) {
        self.state.send_modify(|state| {
            state.holding = true;
            state.holds += 1;
        });
    }

    /// New connections are passed on again. The held ones stay as they are: what did not come through is gone.
    pub fn release(&self) {
        self.state.send_modify(|state| state.holding = false);
    }

    /// Ends all connections with a reset; new ones are taken.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    fn on(
        listener: TcpListener,
        upstream: String,
        tls: Option<TlsAcceptor>,
        kafka: Option<MutexGuard<'static, ()>>,
    ) -> Proxy {
        let address = listener.local_addr().expect("it is bound");
        let (state, mut watched) = watch::channel(State::default());
        let said = Said::default();
        let heard = said.clone();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(_) => return,
                    },
                    // Dropping the proxy frees its address.
                    changed = watched.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                };
                let line = Line { upstream: upstream.clone(), state: watched.clone(), said: heard.clone() };
                tokio::spawn(line.serve(stream, tls.clone()));
            }
        });
        Proxy { address, state, said, _kafka: kafka }
    }
}

async fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port is free")
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_scheme, rest)| rest);
    let place = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    place.rsplit_once('@').map_or(place, |(_login, place)| place)
}

/// One connection.
struct Line {
    upstream: String,
    state: watch::Receiver<State>,
    said: Said,
}

impl Line {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let reset = |stream: &TcpStream| stream.set_zero_linger().expect("a socket can be reset");
        match tls {
            None => {
                reset(&stream);
                self.pass(stream).await;
            }
            Some(acceptor) => {
                // A client that does not trust us, or that we do not: its own error tells.
                if let Ok(stream) = acceptor.accept(stream).await {
                    reset(stream.get_ref().0);
                    self.pass(stream).await;
                }
            }
        }
    }

    async fn pass(mut self, stream: impl AsyncRead + AsyncWrite) {
        let broker = TcpStream::connect(&self.upstream).await.expect("the broker is there");
        broker.set_zero_linger().expect("a socket can be reset");
        let (client, broker) = (split(stream), split(broker));
        let begun = *self.state.borrow();
        let state = self.state.clone();
        let is_held = || {
            let state = state.borrow();
            begun.holding || state.holding || state.holds > begun.holds
        };
        let upwards = copy(client.0, broker.1, is_held, Some(Ear::new(&self.said)));
        let downwards = copy(broker.0, client.1, is_held, None);
        tokio::select! {
            () = async { tokio::join!(upwards, downwards); } => {}
            // Dropping the proxy ends its connections as well.
            _ = self.state.wait_for(|state| state.cuts > begun.cuts) => {}
        }
    }
}

/// Keeps what a client says.
struct Ear {
    said: Said,
    index: usize,
}

impl Ear {
    const LIMIT: usize = 64 << 10;

    fn new(said: &Said) -> Self {
        let mut lines = said.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(Vec::new());
        Ear { said: said.clone(), index: lines.len() - 1 }
    }

    fn hear(&self, bytes: &[u8]) {
        let mut lines = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let line = &mut lines[self.index];
        line.extend_from_slice(&bytes[..bytes.len().min(Self::LIMIT - line.len())]);
    }
}

async fn copy<R: AsyncRead, W: AsyncWrite>(
    mut from: ReadHalf<R>,
    mut to: WriteHalf<W>,
    is_held: impl Fn() -> bool,
    ear: Option<Ear>,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer).await {
        let holding = is_held();
        if read == 0 {
            if !holding {
                let _ = to.shutdown().await;
            }
            return;
        }
        if let Some(ear) = &ear {
            ear.hear(&buffer[..read]);
        }
        if !holding && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_broker_is_found_in_every_form_of_url() {
        for url in [
            "redis://127.0.0.1:1",
            "redis://127.0.0.1:1/0",
            "amqp://guest:gu@est@127.0.0.1:1/?a=b/c",
            "kafka://127.0.0.1:1?a=b@c",
        ] {
            assert_eq!(authority(url), "127.0.0.1:1", "{url}");
        }
    }
}
