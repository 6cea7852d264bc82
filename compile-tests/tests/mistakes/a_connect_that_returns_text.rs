use socketio_core::{Auth, Server};

fn connect(Auth(name): Auth<String>) -> Option<String> {
    (name == "Ada").then_some(name)
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on_connect(connect);
}
