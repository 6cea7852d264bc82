use std::rc::Rc;

use socketio_core::{Server, Socket};

async fn count(socket: Socket) -> usize {
    let counted = Rc::new(1);
    socket.closed().await;
    *counted
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("count", count);
}
