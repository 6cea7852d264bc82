//! Unix sockets: for a proxy on the same machine, without a port.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixStream;

use super::listener::{BACKLOG, Backoff, IntoListener, Listener};
use crate::engine::Peer;

/// Where a Unix socket is to be, and who may connect: `io.serve(UnixSocket::new("/run/chat/chat.sock"), ..)`.
///
/// A socket file that a dead process left behind is replaced; one that somebody listens on is an error, and so is a file that is no
/// socket. The file is removed when serving ends.
///
/// Its clients have no address: what the proxy before it says of them is taken when
/// [`trusted_proxies`](crate::server::ServerBuilder::trusted_proxies) has `unix`.
#[derive(Clone, Debug)]
pub struct UnixSocket {
    path: PathBuf,
    mode: u32,
}

impl UnixSocket {
    /// A socket at `path`, with the permissions `0o660`: its user and group may connect.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        UnixSocket { path: path.into(), mode: 0o660 }
    }

    /// The permissions of the file, whatever the umask. Nobody can connect before it has them.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    fn bind(&self) -> io::Result<UnixListener> {
        remove_if_stale(&self.path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(&self.path)?)?;
        // From here on the file is ours, and goes with this.
        let file = SocketFile::of(&self.path)?;
        std::fs::set_permissions(&self.path, Permissions::from_mode(self.mode))?;
        socket.listen(BACKLOG as i32)?;
        socket.set_nonblocking(true)?;
        let listener = tokio::net::UnixListener::from_std(socket.into())?;
        Ok(UnixListener { inner: listener, backoff: Backoff::default(), _file: Some(file) })
    }
}

impl IntoListener for UnixSocket {
    type Listener = UnixListener;

    async fn into_listener(self) -> io::Result<UnixListener> {
        self.bind().map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))
    }
}

/// A Unix socket that survives being out of file descriptors. Made of a [`UnixSocket`], or of a listener of std or tokio.
#[derive(Debug)]
pub struct UnixListener {
    inner: tokio::net::UnixListener,
    backoff: Backoff,
    _file: Option<SocketFile>,
}

impl Listener for UnixListener {
    type Io = UnixStream;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        loop {
            match self.inner.accept().await {
                Ok((stream, _)) => {
                    self.backoff.succeeded();
                    return (stream, Peer::unix());
                }
                Err(error) => self.backoff.wait(&error).await,
            }
        }
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
}

impl From<tokio::net::UnixListener> for UnixListener {
    fn from(inner: tokio::net::UnixListener) -> Self {
        UnixListener { inner, backoff: Backoff::default(), _file: None }
    }
}

impl IntoListener for tokio::net::UnixListener {
    type Listener = UnixListener;

    async fn into_listener(self) -> io::Result<UnixListener> {
        Ok(self.into())
    }
}

impl IntoListener for std::os::unix::net::UnixListener {
    type Listener = UnixListener;

    async fn into_listener(self) -> io::Result<UnixListener> {
        self.set_nonblocking(true)?;
        Ok(tokio::net::UnixListener::from_std(self)?.into())
    }
}

/// Removes a socket that nobody listens on.
fn remove_if_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"))
        }
        Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
            Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens there")),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
            Err(error) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The file of a socket, which is removed with it, unless it is another one's by then.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let found = std::fs::symlink_metadata(&path)?;
        Ok(SocketFile { identity: (found.dev(), found.ino()), path })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = |found: std::fs::Metadata| (found.dev(), found.ino()) == self.identity;
        if std::fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_has_its_permissions_takes_the_place_of_a_dead_one_and_leaves_nothing() {
        let path = path("socket");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap()); // as a process that was killed leaves it
        let mut listener = UnixSocket::new(&path).mode(0o600).into_listener().await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let _client = UnixStream::connect(&path).await.unwrap();
        assert_eq!(listener.accept().await.1, Peer::unix());
        let taken = UnixSocket::new(&path).into_listener().await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        assert!(taken.to_string().contains("somebody listens there") && taken.to_string().contains("socket"));
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_and_the_socket_of_another_stay() {
        let plain = path("plain");
        std::fs::write(&plain, "precious").unwrap();
        let error = UnixSocket::new(&plain).into_listener().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&plain).unwrap(), b"precious");

        let path = path("replaced");
        let first = UnixSocket::new(&path).into_listener().await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let _second = UnixSocket::new(&path).into_listener().await.unwrap();
        drop(first);
        assert!(path.exists(), "it is the second one's");
        let missing = UnixSocket::new(path.join("x/socket")).into_listener().await.unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotADirectory);
    }

    /// A folder of the test's own.
    fn path(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("socketio-unix-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }
}
