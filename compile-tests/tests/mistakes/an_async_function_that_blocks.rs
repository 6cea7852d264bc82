use socketio_core::{Data, Server};

async fn compute(Data(number): Data<u64>) -> u64 {
    number * number
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on_blocking("compute", compute);
}
