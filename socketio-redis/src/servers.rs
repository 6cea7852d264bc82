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
use std::time::Duration;

use futures_util::future::join_all;
use redis::{Value, cmd};
use tokio::time::{Instant, sleep};

use crate::RedisError;
use crate::first::first;
use crate::link::Commands;
use crate::options::{Address, Dialer, RedisOptions, Seen, Servers};

/// Connects to a server that passes on what is published; nodes begin with different ones of a Cluster: of those that the URL names,
/// and then of those that were seen before.
pub(crate) async fn connect(options: &RedisOptions, node: &str) -> Result<Server, RedisError> {
    let dialer = Dialer::new(options).await?;
    let dialer = &dialer;
    match &options.servers {
        Servers::One(address) => Server::connect(dialer, address, Expected::Any).await,
        Servers::Cluster { seeds, seen } => {
            let begin = node.bytes().map(usize::from).sum();
            let nodes = [rotated(seeds.clone(), begin), rotated(seen.beyond(seeds), begin)].concat();
            first(&nodes, |node| Server::connect(dialer, node, Expected::ClusterNode(seen))).await
        }
        Servers::Sentinel { sentinels, service, login } => {
            let dialer_of_sentinels = &dialer.with_login(login);
            let service = service.as_deref().unwrap_or(DEFAULT_SERVICE);
            let master = first(sentinels, |sentinel| master(dialer_of_sentinels, sentinel, service)).await?;
            Server::connect(dialer, &master, Expected::Any).await
        }
    }
}

/// A server that passes on what is published to it, and the connection for that.
pub(crate) struct Server {
    pub(crate) commands: Commands,
    pub(crate) in_cluster: bool,
    pub(crate) seen: Seen,
}

enum Expected<'a> {
    Any,
    ClusterNode(&'a Seen),
}

impl Server {
    async fn connect(dialer: &Dialer, address: &Address, expected: Expected<'_>) -> Result<Self, RedisError> {
        let commands = Commands::open(dialer, address).await?;
        let (in_cluster, seen) = match expected {
            Expected::Any => (false, Seen::default()),
            Expected::ClusterNode(seen) => (true, seen.clone()),
        };
        let mut server = Server { commands, in_cluster, seen };
        let about = server.about().await?;
        match text(&about, "mode") {
            "sentinel" => return server.unfit("a Sentinel: the URL has to begin with redis+sentinel://"),
            "standalone" if in_cluster => return server.unfit("no node of a Cluster"),
            "standalone" if is_replica(&about) => return server.unfit(REPLICA),
            "cluster" => server.in_cluster = true,
            _ => {}
        }
        if server.in_cluster && !server.has_joined().await? {
            return server.unfit(CUT_OFF);
        }
        Ok(server)
    }

    /// Asks once more whether the server passes on what is published to it; with one command.
    ///
    /// # Errors
    ///
    /// [`RedisError::Unfit`] as at connecting; any other: there is no answer.
    pub(crate) async fn check(&self) -> Result<(), RedisError> {
        if !self.in_cluster {
            return if is_replica(&self.about().await?) { self.unfit(REPLICA) } else { Ok(()) };
        }
        match self.nodes().await? {
            Some(nodes) if !self.reaches_most(&nodes) => self.unfit(CUT_OFF),
            _ => Ok(()),
        }
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
            // Where its name leads to, another node may be by now, or each time.
            if node.is_this {
                return count(&self.commands, channel).await;
            }
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
            let majority = self.reaches_most(&nodes);
            if majority && self.is_reached_by(&nodes).await? || Instant::now() > deadline {
                return Ok(majority);
            }
            sleep(TO_JOIN / 20).await;
        }
    }

    /// Whether most of the masters are alive to it. Then those that are alive are remembered, as others may be away at the next connect.
    fn reaches_most(&self, nodes: &[Node]) -> bool {
        let masters = nodes.iter().filter(|node| node.has_slots);
        let (all, alive) =
            masters.fold((0, 0), |(all, alive), node| (all + 1, alive + usize::from(node.alive)));
        let most = alive * 2 > all;
        if most {
            let alive = nodes.iter().filter(|node| node.alive && node.is_located());
            self.seen.remember(alive.map(|node| node.address.clone()));
        }
        most
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
        Ok(Some(text.lines().filter_map(Node::parse).collect()))
    }

    /// What the server says of itself; nothing before Redis 6.
    async fn about(&self) -> Result<HashMap<String, Value>, RedisError> {
        match self.commands.ask(cmd("HELLO")).await {
            Err(RedisError::Refused(..)) => Ok(HashMap::new()),
            about => about,
        }
    }

    fn unfit<T>(&self, what: &'static str) -> Result<T, RedisError> {
        Err(RedisError::Unfit(self.commands.server.to_string(), what))
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
    fn parse(line: &str) -> Option<Self> {
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
        Some(Node {
            id: (*id).to_owned(),
            address: Address::Tcp(host.to_owned(), port.parse().ok()?),
            is_this,
            alive: is_this || (*link == "connected" && !flags.iter().any(|flag| UNREACHABLE.contains(flag))),
            has_slots: !slots.is_empty(),
        })
    }

    /// A node that no other has met does not know its own address.
    fn is_located(&self) -> bool {
        !matches!(&self.address, Address::Tcp(host, _) if host.is_empty())
    }
}

/// What is published to a replica, only its own subscribers hear.
fn is_replica(about: &HashMap<String, Value>) -> bool {
    matches!(text(about, "role"), "replica" | "slave")
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

/// `addresses`, beginning with another one.
fn rotated(mut addresses: Vec<Address>, begin: usize) -> Vec<Address> {
    if !addresses.is_empty() {
        let begin = begin % addresses.len();
        addresses.rotate_left(begin);
    }
    addresses
}

const REPLICA: &str = "a replica";
const CUT_OFF: &str = "cut off from most of its Cluster";
/// What a node has for joining its Cluster.
const TO_JOIN: Duration = Duration::from_secs(1);
/// That of python-socketio is the channel; see `Broker::for_channel`.
const DEFAULT_SERVICE: &str = "socketio";
/// Flags of nodes that nothing reaches.
const UNREACHABLE: [&str; 4] = ["fail", "fail?", "noaddr", "handshake"];

#[cfg(test)]
mod tests {
    use super::{Address, Node, rotated};

    fn at(host: &str, port: u16, alive: bool, has_slots: bool) -> Option<Node> {
        let (id, address) = ("67ed".into(), Address::Tcp(host.into(), port));
        Some(Node { id, address, is_this: false, alive, has_slots })
    }

    #[test]
    fn the_nodes_of_a_cluster_are_understood_from_redis_3_to_valkey_8() {
        let alive = "67ed 127.0.0.1:30002@31002 master - 0 1426238316232 2 connected 5461-10922";
        assert_eq!(Node::parse(alive), at("127.0.0.1", 30002, true, true));
        let old = "67ed 127.0.0.1:30002 slave e7d1 0 1426238316232 4 connected";
        assert_eq!(Node::parse(old), at("127.0.0.1", 30002, true, false));
        let named = "67ed 10.0.0.1:30002@31002,one.example.org master - 0 0 2 connected 0-5 [7->-e7d1]";
        assert_eq!(Node::parse(named), at("one.example.org", 30002, true, true));
        let unnamed = "67ed 10.0.0.1:30002@31002,,tls-port=0,shard-id=69bc master - 0 0 2 connected 0";
        assert_eq!(Node::parse(unnamed), at("10.0.0.1", 30002, true, true));
        let attributes_first = "67ed 10.0.0.1:30002@31002,tls-port=0 master - 0 0 2 connected 0";
        assert_eq!(Node::parse(attributes_first), at("10.0.0.1", 30002, true, true));
        let v6 = "67ed ::1:30002@31002 master - 0 0 2 connected 0";
        assert_eq!(Node::parse(v6), at("::1", 30002, true, true));
    }

    #[test]
    fn nodes_that_nothing_reaches_are_not_alive() {
        for state in [
            "master,fail - 0 0 2 connected 0",
            "master,fail? - 0 0 2 connected 0",
            "master - 0 0 2 disconnected 0",
        ] {
            assert_eq!(Node::parse(&format!("67ed h:1@2 {state}")), at("h", 1, false, true), "{state}");
        }
    }

    #[test]
    fn a_node_that_speaks_of_itself_is_alive_and_may_not_know_where_it_is() {
        let alone = Node::parse("67ed :30001@31001 myself,master - 0 0 1 connected 0-5460").expect("a node");
        assert!(alone.is_this && alone.alive && !alone.is_located());
        let met = Node::parse("67ed 10.0.0.1:30001@31001 myself,slave e7d1 0 0 1 connected").expect("a node");
        assert!(met.is_this && met.alive && met.is_located());
    }

    #[test]
    fn what_is_no_node_is_none_and_one_without_an_address_is_not_alive() {
        assert_eq!(Node::parse(""), None);
        let nowhere = Node::parse("67ed :0@0 master,noaddr - 0 0 1 disconnected");
        assert_eq!(nowhere, at("", 0, false, false));
    }

    #[test]
    fn each_begins_with_another_and_tries_them_all() {
        let nodes = |ports: [u16; 3]| ports.map(|port| Address::Tcp("node".into(), port)).to_vec();
        assert_eq!(rotated(nodes([1, 2, 3]), 4), nodes([2, 3, 1]));
        assert_eq!(rotated(Vec::new(), 4), []);
    }
}
