//! A Redis that a test plays, without a socket, so that the clock can stand still.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use crate::link::Commands;
use crate::options::{Address, Dialer, RedisOptions, Seen};
use crate::servers::Server;

/// What such a server hears and says.
pub(crate) struct Played(BufReader<DuplexStream>);

/// One that is connected to, and who plays it.
pub(crate) async fn played() -> (Server, Played) {
    let (socket, redis) = duplex(1 << 20);
    let options = RedisOptions::new("redis://played").expect("a URL");
    let dialer = Dialer::new(&options).await.expect("nothing to be read");
    let login = RedisConnectionInfo::default().set_skip_set_lib_name(); // nothing to be said
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let connected = MultiplexedConnection::new_with_config(&login, socket, config).await;
    let (connection, driver) = connected.expect("connected");
    let address = Address::Tcp("played".into(), 6379);
    let commands = Commands::new(&dialer, &address, connection, driver);
    (Server { commands, in_cluster: false, seen: Seen::default() }, Played(BufReader::new(redis)))
}

impl Played {
    /// The next command, in one line.
    pub(crate) async fn hears(&mut self) -> String {
        let parts = self.line().await;
        let parts: usize = parts.strip_prefix('*').and_then(|parts| parts.parse().ok()).expect("a command");
        let mut words = Vec::new();
        for _ in 0..parts {
            self.line().await; // how long it is
            words.push(self.line().await);
        }
        words.join(" ")
    }

    /// `answer` as it travels.
    pub(crate) async fn says(&mut self, answer: &str) {
        self.0.write_all(answer.as_bytes()).await.expect("the other end is there");
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("text");
        line.trim_end().to_owned()
    }
}

/// `text` as an answer.
pub(crate) fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}
