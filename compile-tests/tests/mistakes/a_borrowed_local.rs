use socketio_core::Server;

fn main() {
    let io = Server::builder().build().unwrap();
    let greeting = String::from("hello");
    io.on("greet", || greeting.clone());
}
