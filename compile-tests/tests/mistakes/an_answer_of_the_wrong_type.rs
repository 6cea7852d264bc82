use socketio_core::{HandlerError, Server, Socket};

struct Vote {
    _yes: bool,
}

async fn ask(socket: Socket) -> Result<(), HandlerError> {
    let _vote: Vote = socket.emit_with_ack("vote?", ()).await?;
    Ok(())
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("ask", ask);
}
