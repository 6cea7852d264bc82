use socketio_core::Server;

struct Move {
    _to: (u8, u8),
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.emit("moved", Move { _to: (3, 4) }).unwrap();
}
