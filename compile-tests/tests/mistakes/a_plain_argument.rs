use socketio_core::{Server, Socket};

fn say(_: Socket, _text: String) {}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("say", say);
}
