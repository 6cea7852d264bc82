use socketio_core::{Ack, Data, EventName, Handshake, Namespace, Server, Socket};

fn say(_: Socket, _: Namespace, _: EventName, _: Handshake, _: Ack, _: Data<String>) {}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("say", say);
}
