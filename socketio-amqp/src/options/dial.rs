//! One connection: TCP, TLS, and AMQP's own handshake, all within one deadline.

use std::io;
use std::net::Shutdown;
use std::sync::{Mutex, PoisonError};

use async_compat::{Compat, CompatExt};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tls;
use super::{AmqpOptions, shown};
use crate::error::AmqpError;

/// A connection that ends when this is dropped, whatever state it is in.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    _socket: Socket,
}

/// The connection's thread waits for the peer in every state, for as long as TCP does. Its socket is shut under it instead.
struct Socket(std::net::TcpStream);

type Stream = AsyncTcpStream<Compat<TcpStream>>;

impl Link {
    /// Tries the addresses in turn; each has its share of the time.
    pub(crate) async fn open(options: &AmqpOptions, node: &str) -> Result<Link, AmqpError> {
        let limit = options.connect_timeout / u32::try_from(options.addresses.len()).unwrap_or(u32::MAX);
        let mut failed = None;
        for address in &options.addresses {
            match timeout(limit, connect(options, address, node)).await {
                Ok(Ok(link)) => return Ok(link),
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(AmqpError::Silent(shown(address), limit)),
            }
        }
        Err(failed.expect("a URL holds an address"))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both); // the peer may have been faster
    }
}

async fn connect(options: &AmqpOptions, address: &AMQPUri, node: &str) -> Result<Link, AmqpError> {
    let unconnected = |error: io::Error| AmqpError::Connect(shown(address), error.into());
    let (socket, stream) = tcp(address).await.map_err(unconnected)?;
    let mut stream = AsyncTcpStream::Plain(stream.compat());
    let encrypted = address.scheme == AMQPScheme::AMQPS;
    if encrypted {
        let untrusted = |error: io::Error| AmqpError::Handshake(shown(address), error.into());
        stream = stream
            .into_rustls(&tls::connector(options)?, &address.authority.host)
            .await
            .map_err(untrusted)?;
    }
    let name = options.connection_name.clone().unwrap_or_else(|| format!("socketio {node}"));
    let connection = handshake(address.clone(), stream, name).await;
    let connection = connection.map_err(|error| AmqpError::opening(shown(address), encrypted, error))?;
    Ok(Link { connection, _socket: socket })
}

/// The stream, and a second handle of its socket.
async fn tcp(address: &AMQPUri) -> io::Result<(Socket, TcpStream)> {
    let stream = TcpStream::connect((address.authority.host.as_str(), address.authority.port)).await?;
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    Ok((Socket(stream.try_clone()?), TcpStream::from_std(stream)?))
}

async fn handshake(address: AMQPUri, stream: Stream, name: String) -> lapin::Result<Connection> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    // It is asked for the stream again only by a connection that mends itself, and this one does not.
    let stream = Mutex::new(Some(stream));
    let take = async move |_, _| {
        silence();
        let taken = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(taken.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?)
    };
    Connection::connector(address, lapin::runtime::default_runtime()?, take, properties).await
}

/// The connection's thread, in which this runs, would log the password at its finest level, and each cut as an error of its own.
fn silence() {
    if std::thread::current().name() == Some("lapin-io-loop") {
        std::mem::forget(tracing::dispatcher::set_default(&tracing::Dispatch::none()));
    }
}
