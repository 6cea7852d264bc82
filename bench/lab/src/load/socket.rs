//! Connections to 127.0.0.1 from many addresses, as each has only so many ports.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

/// Connects, and does not block from then on. `number` is the connection's: it decides the address that it comes from.
pub(crate) fn connect(port: u16, number: usize) -> io::Result<TcpStream> {
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    let from = Ipv4Addr::new(127, 0, 0, u8::try_from(1 + number / OF_AN_ADDRESS % 250).expect("below 251"));
    for _ in 0..TRIES {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_tcp_nodelay(true)?;
        // The first address needs no bind: the kernel gives it anyway, and ports at connect.
        if !from.eq(&Ipv4Addr::LOCALHOST) {
            socket.bind(&SocketAddr::from((from, 0)).into())?;
        }
        match socket.connect(&server.into()) {
            Ok(()) => {
                socket.set_nonblocking(true)?;
                return Ok(socket.into());
            }
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::TimedOut) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::ConnectionRefused.into())
}

pub(crate) fn raise_the_limit_of_open_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Half of the ports that Linux gives out; those that were closed of late cannot be had again at once.
const OF_AN_ADDRESS: usize = 14_000;
const TRIES: usize = 200;
