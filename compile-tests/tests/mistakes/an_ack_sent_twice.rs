use socketio_core::{Ack, HandlerError, Server};

fn twice(ack: Ack) -> Result<(), HandlerError> {
    ack.send("once")?;
    ack.send("twice")?;
    Ok(())
}

fn main() {
    let io = Server::builder().build().unwrap();
    io.on("twice", twice);
}
