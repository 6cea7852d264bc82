//! A socket as other nodes see it.

use std::net::IpAddr;
use std::time::SystemTime;

use super::json::Json;
use crate::Sid;
use crate::adapter::RoomList;

/// What a node tells others about one of its sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketInfo {
    /// Its id.
    pub sid: Sid,
    /// The rooms it is in.
    pub rooms: RoomList,
    /// Where its client's connection came from.
    pub address: Option<IpAddr>,
    /// When its client's session began; whole milliseconds travel.
    pub time: SystemTime,
    /// Whether that was over TLS.
    pub secure: bool,
    /// Headers of the handshake that the node shares, by name.
    pub headers: Vec<(String, String)>,
    /// Query parameters of the handshake that the node shares, by name.
    pub query: Vec<(String, String)>,
    /// What the client sent to connect, or the parts of it that the node shares.
    pub auth: Option<Json>,
    /// What the application says about this socket.
    pub data: Option<Json>,
}

impl SocketInfo {
    /// A socket in no room, of which nothing else is known.
    #[must_use]
    pub fn new(sid: Sid, time: SystemTime) -> Self {
        SocketInfo {
            sid,
            rooms: RoomList::new(),
            address: None,
            time,
            secure: false,
            headers: Vec::new(),
            query: Vec::new(),
            auth: None,
            data: None,
        }
    }
}
