//! A class: one type whose methods handle the events of a namespace, with what they share in its fields.
//!
//! ```text
//! cargo run -p socketio-examples --example class
//! ```
//!
//! In the browser: `const poll = io("http://127.0.0.1:3000/poll"); poll.emit("vote", "tea", (votes) => …); poll.on("votes", …)`

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use socketio_core::handler::{Class, Events};
use socketio_core::{Data, HandlerError, Namespace, Server, Socket, events};

/// One instance serves all clients: the votes are everybody's.
#[derive(Default)]
struct Poll {
    votes: Mutex<BTreeMap<String, u32>>,
}

impl Poll {
    fn on_connected(&self, socket: Socket) -> Result<(), HandlerError> {
        Ok(socket.emit("votes", self.votes())?)
    }

    /// `poll` is the namespace that the class is in. What the method returns is the client's ack.
    async fn on_vote(&self, poll: Namespace, Data(choice): Data<String>) -> Result<u32, HandlerError> {
        let votes = {
            let mut all = self.votes.lock().unwrap_or_else(PoisonError::into_inner);
            let votes = all.entry(choice).or_default();
            *votes += 1;
            *votes
        };
        poll.emit("votes", self.votes())?;
        Ok(votes)
    }

    fn votes(&self) -> BTreeMap<String, u32> {
        self.votes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Class for Poll {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Poll: on_connected, on_vote);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.of("/poll").class(Poll::default());
    io.serve("127.0.0.1:3000", async { _ = tokio::signal::ctrl_c().await }).await?;
    Ok(())
}
