//! In the browser: `socket.emit("join", "lobby")`, `socket.emit("say", "lobby", "hello", (heard) => …)`

use socketio_core::{Args, Data, HandlerError, Server, Socket};

fn join(socket: Socket, Data(room): Data<String>) -> Result<(), HandlerError> {
    Ok(socket.join(room)?)
}

async fn say(socket: Socket, Args((room, text)): Args<(String, String)>) -> Result<usize, HandlerError> {
    Ok(socket.to(&room).emit("say", (socket.id(), text))?.local) // the client's ack: how many others got it
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let io = Server::builder().build()?;
    io.on("join", join).on("say", say);
    let ctrl_c = async { _ = tokio::signal::ctrl_c().await };
    io.serve("127.0.0.1:3000", ctrl_c).await?;
    Ok(())
}
