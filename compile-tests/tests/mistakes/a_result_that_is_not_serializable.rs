use socketio_core::Server;

struct User {
    _name: String,
}

fn who() -> User {
    User { _name: "Ada".to_owned() }
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("who", who);
}
