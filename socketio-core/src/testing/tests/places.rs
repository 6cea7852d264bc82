//! Where the methods of a class run: shown with a client of this module, as nothing outside of the crate can choose.

use std::thread::{self, ThreadId};

use crate::events;
use crate::handler::{Class, Events, Place};
use crate::server::Server;
use crate::testing::{Client, Ended};

/// Tells which thread its methods run on.
struct Threads(ThreadId, std::sync::mpsc::Sender<bool>);

impl Threads {
    fn here(&self) -> bool {
        thread::current().id() == self.0
    }

    fn on_connect(&self) {
        self.1.send(self.here()).ok();
    }

    fn on_plain(&self) -> bool {
        self.here()
    }

    async fn on_async(&self) -> bool {
        self.here()
    }

    fn on_disconnect(&self) {
        self.1.send(self.here()).ok();
    }
}

impl Class for Threads {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Threads: on_connect, on_plain, on_async, on_disconnect);
    }
}

#[tokio::test]
async fn plain_methods_run_in_their_place_async_ones_where_the_event_arrived() {
    for (place, here) in [(Place::Here, true), (Place::Pool, false)] {
        let (told, telling) = std::sync::mpsc::channel();
        let io = Server::builder().build().unwrap();
        io.class_in(Threads(thread::current().id(), told), place);
        let client = Client::connect(&io).await.unwrap();
        assert_eq!(telling.try_recv(), Ok(here));
        assert_eq!(client.emit_with_ack::<bool>("plain", ()).await.unwrap(), here);
        assert!(client.emit_with_ack::<bool>("async", ()).await.unwrap());
        io.socket(client.id()).unwrap().disconnect();
        assert_eq!(client.disconnected().await.unwrap(), Ended::ByServer);
        let told =
            tokio::task::spawn_blocking(move || telling.recv_timeout(std::time::Duration::from_secs(20)));
        assert_eq!(told.await.unwrap(), Ok(here));
    }
}
