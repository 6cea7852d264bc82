use socketio_core::{Auth, Server};

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("login", |Auth(_token): Auth<String>| ());
}
