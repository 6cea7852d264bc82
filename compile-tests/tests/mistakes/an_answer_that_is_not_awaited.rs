use socketio_core::{HandlerError, Server, Socket};

async fn ask(socket: Socket) -> Result<u8, HandlerError> {
    let answer: u8 = socket.emit_with_ack("how many?", ())?;
    Ok(answer)
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("ask", ask);
}
