use socketio_core::handler::{Class, Events};
use socketio_core::{Server, events};

struct Counter {
    count: u64,
}

impl Counter {
    fn on_count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

impl Class for Counter {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Counter: on_count);
    }
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.class(Counter { count: 0 });
}
