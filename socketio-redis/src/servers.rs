//! Which server to connect to: the one named, one of a Cluster, or the master that Sentinels name.
//!
//! In a Cluster any node passes on what is published to it, and tells it to its own subscribers, so one connection to one node
//! is enough:
//!
//! ```text
//! CLUSTER NODES
//! 07c3… 127.0.0.1:30004@31004,host handshake|slave|fail|… … connected 0-5460
//!       where it is           how it is                    link      what it serves: only masters have something here
//! ```

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, join_all, select};
use futures_util::stream::FuturesUnordered;
use redis::{Value, cmd};
use tokio::time::{Instant, sleep};

use crate::RedisError;
use crate::link::Commands;
use crate::options::{Address, Dialer, RedisOptions, Servers};

/// Connects to a server that passes on what is published; nodes begin with different ones of a Cluster.
pub(crate) async fn connect(options: &RedisOptions, node: &str) -> Result<Server, RedisError> {
    let dialer = Dialer::new(options).await?;
    let dialer = &dialer;
    match &options.servers {
        Servers::One(address) => Server::connect(dialer, address, Expected::Any).await,
        Servers::Cluster(seeds) => {
            let begin = node.bytes().map(usize::from).sum();
            first(seeds, begin, |seed| Server::connect(dialer, seed, Expected::ClusterNode)).await
        }
        Servers::Sentinel { sentinels, service, login } => {
            let dialer_of_sentinels = &dialer.with_login(login);
            let service = service.as_deref().unwrap_or(DEFAULT_SERVICE);
            let master =
                first(sentinels, 0, |sentinel| master(dialer_of_sentinels, sentinel, service)).await?;
            Server::connect(dialer, &master, Expected::Any).await
        }
    }
}

/// A server that passes on what is published to it, and the connection for that.
pub(crate) struct Server {
    pub(crate) commands: Commands,
    in_cluster: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Any,
    ClusterNode,
}

impl Server {
    async fn connect(dialer: &Dialer, address: &Address, expected: Expected) -> Result<Self, RedisError> {
        let commands = Commands::open(dialer, address).await?;
        let unfit = |what| Err(RedisError::Unfit(address.to_string(), what));
        let about: HashMap<String, Value> = match commands.ask(cmd("HELLO")).await {
            Ok(about) => about,
            Err(RedisError::Refused(..)) => HashMap::new(), // before Redis 6
            Err(error) => return Err(error),
        };
        let mut server = Server { commands, in_cluster: expected == Expected::ClusterNode };
        match (text(&about, "mode"), text(&about, "role")) {
            ("sentinel", _) => return unfit("a Sentinel: the URL has to begin with redis+sentinel://"),
            ("standalone", _) if server.in_cluster => return unfit("no node of a Cluster"),
            // What is published to a replica, only its own subscribers hear.
            ("standalone", "replica" | "slave") => return unfit("a replica"),
            ("cluster", _) => server.in_cluster = true,
            _ => {}
        }
        if server.in_cluster && !server.has_joined().await? {
            return unfit("cut off from most of its Cluster");
        }
        Ok(server)
    }

    /// How many listen to `channel`, on all nodes; `None` if one cannot be asked.
    pub(crate) async fn subscriber_count(&self, channel: &str) -> Result<Option<usize>, RedisError> {
        if !self.in_cluster {
            return count(&self.commands, channel).await;
        }
        let Some(nodes) = self.nodes().await? else {
            return Ok(None);
        };
        let counts = join_all(nodes.iter().filter(|node| node.alive).map(async |node| {
            let commands = Commands::open(&self.commands.dialer, &node.address).await?;
            count(&commands, channel).await
        }));
        // One that does not answer may have any number.
        Ok(counts.await.into_iter().map(|count| count.ok().flatten()).sum())
    }

    /// Whether the node reaches most of the Cluster. One that has just started is given time until all reach it, too: what they
    /// publish meanwhile would be missed.
    async fn has_joined(&self) -> Result<bool, RedisError> {
        let deadline = Instant::now() + TO_JOIN;
        loop {
            let Some(nodes) = self.nodes().await? else {
                return Ok(true);
            };
            let masters = nodes.iter().filter(|node| node.has_slots);
            let (all, seen) =
                masters.fold((0, 0), |(all, seen), node| (all + 1, seen + usize::from(node.alive)));
            let majority = seen * 2 > all;
            if majority && self.is_reached_by(&nodes).await? || Instant::now() > deadline {
                return Ok(majority);
            }
            sleep(TO_JOIN / 20).await;
        }
    }

    /// Whether each of `nodes` that is alive has a link to this one; yes before Redis 7, which does not tell.
    async fn is_reached_by(&self, nodes: &[Node]) -> Result<bool, RedisError> {
        let mut links = cmd("CLUSTER");
        links.arg("LINKS");
        let links: Vec<HashMap<String, Value>> = match self.commands.ask(links).await {
            Ok(links) => links,
            Err(RedisError::Refused(..)) => return Ok(true),
            Err(error) => return Err(error),
        };
        let reaches = |node: &Node| {
            let mut links = links.iter();
            links.any(|link| text(link, "direction") == "from" && text(link, "node") == node.id)
        };
        Ok(nodes.iter().all(|node| node.is_this || !node.alive || reaches(node)))
    }

    /// The nodes of the Cluster; `None` where the user may not ask.
    async fn nodes(&self) -> Result<Option<Vec<Node>>, RedisError> {
        let mut nodes = cmd("CLUSTER");
        nodes.arg("NODES");
        let text: String = match self.commands.ask(nodes).await {
            Ok(text) => text,
            Err(RedisError::Refused(..)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(text.lines().filter_map(|line| Node::parse(line, &self.commands.server)).collect()))
    }
}

/// A node of a Cluster, as another sees it.
#[derive(Debug, PartialEq)]
struct Node {
    id: String,
    address: Address,
    is_this: bool,
    alive: bool,
    has_slots: bool,
}

impl Node {
    fn parse(line: &str, teller: &Address) -> Option<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [id, place, flags, _, _, _, _, link, slots @ ..] = fields.as_slice() else {
            return None;
        };
        // `ip:port@bus`, since Redis 7 `ip:port@bus,host,…`
        let mut place = place.split(',');
        let (ip, port) = place.next()?.split('@').next()?.rsplit_once(':')?;
        let flags: Vec<&str> = flags.split(',').collect();
        let is_this = flags.contains(&"myself");
        let host = place.next().filter(|host| !host.is_empty() && !host.contains('=')).unwrap_or(ip);
        let address =
            if is_this { teller.clone() } else { Address::Tcp(host.to_owned(), port.parse().ok()?) };
        Some(Node {
            id: (*id).to_owned(),
            address,
            is_this,
            alive: is_this || (*link == "connected" && !flags.iter().any(|flag| UNREACHABLE.contains(flag))),
            has_slots: !slots.is_empty(),
        })
    }
}

/// What `map` has under `name`, if that is text.
fn text<'a>(map: &'a HashMap<String, Value>, name: &str) -> &'a str {
    match map.get(name) {
        Some(Value::BulkString(text)) => std::str::from_utf8(text).unwrap_or_default(),
        Some(Value::SimpleString(text)) => text,
        _ => "",
    }
}

async fn count(commands: &Commands, channel: &str) -> Result<Option<usize>, RedisError> {
    let mut numsub = cmd("PUBSUB");
    numsub.arg("NUMSUB").arg(channel);
    match commands.ask::<(String, usize)>(numsub).await {
        Ok((_, count)) => Ok(Some(count)),
        Err(RedisError::Refused(..)) => Ok(None), // the user may not ask
        Err(error) => Err(error),
    }
}

async fn master(dialer: &Dialer, sentinel: &Address, service: &str) -> Result<Address, RedisError> {
    let mut question = cmd("SENTINEL");
    question.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
    let answer: Option<(String, u16)> = Commands::open(dialer, sentinel).await?.ask(question).await?;
    let (host, port) =
        answer.ok_or_else(|| RedisError::UnknownService(sentinel.to_string(), service.to_owned()))?;
    Ok(Address::Tcp(host, port))
}

/// Tries one address after the other: the next when one has failed, or does not answer soon. The first to succeed wins.
async fn first<'a, T, F>(
    addresses: &'a [Address],
    begin: usize,
    attempt: impl Fn(&'a Address) -> F,
) -> Result<T, RedisError>
where
    F: Future<Output = Result<T, RedisError>>,
{
    let mut order = addresses.iter().cycle().skip(begin % addresses.len()).take(addresses.len());
    let mut attempts = FuturesUnordered::new();
    attempts.extend(order.next().map(&attempt));
    loop {
        let head_start = pin!(sleep(HEAD_START));
        let failed = match select(attempts.next(), head_start).await {
            Either::Left((Some(Ok(won)), _)) => return Ok(won),
            Either::Left((Some(Err(error)), _)) => Some(error),
            Either::Left((None, _)) | Either::Right(_) => None,
        };
        match (order.next(), failed) {
            (Some(next), _) => attempts.push(attempt(next)),
            (None, Some(error)) if attempts.is_empty() => return Err(error),
            (None, _) => {}
        }
    }
}

/// What an address has before the next one is tried too.
const HEAD_START: Duration = Duration::from_millis(300);
/// What a node has for joining its Cluster.
const TO_JOIN: Duration = Duration::from_secs(1);
/// That of python-socketio is the channel; see `Broker::for_channel`.
const DEFAULT_SERVICE: &str = "socketio";
/// Flags of nodes that nothing reaches.
const UNREACHABLE: [&str; 4] = ["fail", "fail?", "noaddr", "handshake"];

#[cfg(test)]
mod tests {
    use super::{Address, Node};

    fn node(line: &str) -> Option<Node> {
        Node::parse(line, &Address::Tcp("asked".into(), 1))
    }

    fn at(host: &str, port: u16, alive: bool, has_slots: bool) -> Option<Node> {
        let (id, address, is_this) = ("67ed".into(), Address::Tcp(host.into(), port), host == "asked");
        Some(Node { id, address, is_this, alive, has_slots })
    }

    #[test]
    fn the_nodes_of_a_cluster_are_understood_from_redis_3_to_valkey_8() {
        let alive = "67ed 127.0.0.1:30002@31002 master - 0 1426238316232 2 connected 5461-10922";
        assert_eq!(node(alive), at("127.0.0.1", 30002, true, true));
        let old = "67ed 127.0.0.1:30002 slave e7d1 0 1426238316232 4 connected";
        assert_eq!(node(old), at("127.0.0.1", 30002, true, false));
        let named = "67ed 10.0.0.1:30002@31002,one.example.org master - 0 0 2 connected 0-5 [7->-e7d1]";
        assert_eq!(node(named), at("one.example.org", 30002, true, true));
        let unnamed = "67ed 10.0.0.1:30002@31002,,tls-port=0,shard-id=69bc master - 0 0 2 connected 0";
        assert_eq!(node(unnamed), at("10.0.0.1", 30002, true, true));
        let attributes_first = "67ed 10.0.0.1:30002@31002,tls-port=0 master - 0 0 2 connected 0";
        assert_eq!(node(attributes_first), at("10.0.0.1", 30002, true, true));
        let v6 = "67ed ::1:30002@31002 master - 0 0 2 connected 0";
        assert_eq!(node(v6), at("::1", 30002, true, true));
    }

    #[test]
    fn nodes_that_nothing_reaches_are_not_alive() {
        for state in [
            "master,fail - 0 0 2 connected 0",
            "master,fail? - 0 0 2 connected 0",
            "master - 0 0 2 disconnected 0",
        ] {
            assert_eq!(node(&format!("67ed h:1@2 {state}")), at("h", 1, false, true), "{state}");
        }
    }

    #[test]
    fn a_node_speaks_of_itself_as_the_one_that_was_asked() {
        assert_eq!(
            node("67ed :30001@31001 myself,master - 0 0 1 connected 0-5460"),
            at("asked", 1, true, true)
        );
        assert_eq!(node(""), None);
        assert_eq!(node("67ed :0@0 master,noaddr - 0 0 1 disconnected"), at("", 0, false, false));
    }
}
