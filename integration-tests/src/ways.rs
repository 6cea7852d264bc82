//! The ways in which clients come and go: cleanly, by a cut, in silence, half-way, refused, and while handlers wait, ask or panic.

use std::time::Duration;

use serde_json::Value;
use socketio_core::{Auth, ConnectError, HandlerError, Server, Socket};

use crate::client::{Client, PATH, joined};
use crate::frames::{Frame, Message, TEXT, WebSocket};
use crate::http::{self, Http};

/// How many there are.
pub const WAYS: usize = 22;

/// A client that comes and goes in the way of that number, counted round and round, on a server with these [`handlers`].
///
/// # Panics
///
/// The server does not do as it should.
pub async fn come_and_go(way: usize, port: u16) {
    let transport = ["websocket", "polling", "upgrade"][way % 3];
    match way % WAYS {
        // Clean ends.
        0..3 => joined(transport, port).await.close().await,
        3..6 => {
            let mut client = joined(transport, port).await;
            client.send("41").await;
            client.close().await;
        }
        6 => {
            let mut client = joined("websocket", port).await;
            client.socket().send_raw(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]).await;
            client.ended().await;
        }
        // Cuts: by a reset, and by silence.
        7 => joined("websocket", port).await.cut(),
        8 => joined("upgrade", port).await.cut(),
        9 => drop(joined("polling", port).await),
        10 => silent(joined("websocket", port).await).await,
        // Handshakes without more.
        11 => drop(Client::polling(port).await),
        12 => silent(Client::websocket(port).await).await,
        13 => drop(Http::connect(port).await),
        // Upgrades that stop half-way.
        14 => {
            let client = joined("polling", port).await;
            client.probe().await.cut();
        }
        15 => {
            let client = joined("polling", port).await;
            let mut socket = WebSocket::open(port, &client.websocket_target()).await.expect("it is served");
            socket.ended().await;
        }
        // Refusals.
        16 | 17 => {
            let mut client = Client::by(transport, port).await;
            client.send("40/login,{\"token\":1}").await;
            assert!(client.next().await.starts_with("44/login,"));
            client.send("40/nowhere,").await;
            assert!(client.next().await.starts_with("44/nowhere,"));
            client.close().await;
        }
        // Handlers that panic, wait, and ask.
        18 => {
            let mut client = joined(transport, port).await;
            client.send("42[\"panic\"]").await;
            client.send("42[\"wait\"]").await;
            client.cut();
        }
        19 => {
            let mut client = joined(transport, port).await;
            client.send("42[\"ask\"]").await;
            assert!(client.next().await.contains("question"));
            client.cut();
        }
        // In the middle of something.
        20 => {
            let mut client = joined("websocket", port).await;
            let mut frame = Vec::new();
            Frame::of(TEXT).write(&mut frame, b"42[\"never whole\"]");
            client.socket().send_raw(&frame[..9]).await;
            client.send("451-[\"never whole\",{\"_placeholder\":true,\"num\":0}]").await;
            client.cut();
        }
        _ => {
            let client = joined("polling", port).await;
            let mut http = Http::connect(port).await;
            let target = client.polling_target();
            http.send(
                format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n42[\"").as_bytes(),
            )
            .await;
            drop(http);
            assert_eq!(http::get(port, &format!("{PATH}&transport=polling&sid=unknown")).await.status, 400);
        }
    }
}

/// What the clients ask for.
pub fn handlers(io: &Server) {
    io.on_connect(|socket: Socket| -> Result<(), ConnectError> {
        socket.join(["everybody", "lobby"])?;
        socket.join(format!("room of {}", socket.id()))?;
        socket.save_session(vec![0_u8; 1_000]);
        Ok(())
    })
    .on("panic", explode)
    .on("wait", |socket: Socket| async move { socket.closed().await })
    .on("ask", |socket: Socket| async move {
        let _: Value = socket.timeout(Duration::from_secs(60)).emit_with_ack("question", ()).await?;
        Ok::<_, HandlerError>(())
    });
    io.of("/login").on_connect(|_: Auth<String>| ());
}

fn explode() {
    panic!("asked for by a test");
}

/// Says nothing more, and reads nothing but the end.
async fn silent(mut client: Client) {
    while client.socket().next().await != Message::End {}
}
