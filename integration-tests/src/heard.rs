//! What one client has heard, from whom, and when: events `n` of a source's number and one that counts up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::{Client, head};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A client that takes down every number.
#[derive(Debug)]
pub struct Listener {
    heard: Arc<Mutex<Heard>>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
pub struct Heard {
    /// For each source the numbers, as they came.
    pub numbers: Vec<Vec<(u64, Instant)>>,
    /// What must not have come: numbers again, or after higher ones; other packets; the end.
    pub wrong: Vec<String>,
}

impl Listener {
    /// In `/`, by WebSocket.
    pub async fn start(port: u16, sources: usize) -> Self {
        Self::start_in("/", Client::websocket(port).await, sources).await
    }

    pub async fn start_in(namespace: &str, mut client: Client, sources: usize) -> Self {
        client.connect(namespace).await;
        let head = format!("{}[\"n\",", head("42", namespace));
        let heard = Heard { numbers: vec![Vec::new(); sources], wrong: Vec::new() };
        let heard = Arc::new(Mutex::new(heard));
        let notes = heard.clone();
        let listening = tokio::spawn(async move {
            while let Some(packet) = client.next_or_end().await {
                match packet.as_str() {
                    "2" => client.send("3").await,
                    // A poll that had to end without anything.
                    "6" => {}
                    packet => lock(&notes).note(packet, &head),
                }
            }
            lock(&notes).wrong.push("the client was cut off".to_owned());
        });
        Listener { heard, listening }
    }

    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        lock(&self.heard)
    }
}

impl Heard {
    fn note(&mut self, packet: &str, head: &str) {
        let numbers = packet.strip_prefix(head).and_then(|rest| rest.strip_suffix(']'));
        let number = numbers.and_then(|numbers| {
            let (source, number) = numbers.split_once(',')?;
            Some((source.parse::<usize>().ok()?, number.parse().ok()?))
        });
        let Some((source, number)) = number else {
            return self.wrong.push(format!("{packet} came"));
        };
        let before = self.last(source);
        if number <= before {
            self.wrong.push(format!("{number} of source {source} came after {before}"));
        }
        self.numbers[source].push((number, Instant::now()));
    }

    pub fn last(&self, source: usize) -> u64 {
        self.numbers[source].last().map_or(0, |(number, _)| *number)
    }

    /// The numbers of `source` above `from` and up to `to` that did not come.
    pub fn missing(&self, source: usize, from: u64, to: u64) -> Vec<u64> {
        let came: std::collections::HashSet<u64> =
            self.numbers[source].iter().map(|(number, _)| *number).collect();
        (from + 1..=to).filter(|number| !came.contains(number)).collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
