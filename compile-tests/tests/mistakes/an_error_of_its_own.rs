use socketio_core::{Data, Server};

fn read(Data(file): Data<String>) -> Result<String, std::io::Error> {
    std::fs::read_to_string(file)
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("read", read);
}
