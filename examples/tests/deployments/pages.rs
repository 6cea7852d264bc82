//! Pages in headless Chromium, as `foreign/js/pages.mjs` drives it.

use integration_tests::foreign;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What becomes of a page that connects to the server at that port from `page`: `let in` or `refused`.
pub(crate) async fn expect(promise: &str, scheme: &str, port: u16, page: &str) {
    foreign::node("pages", port, &[promise, scheme, page]).await.assert_holds();
}

/// A web server with one empty page, whatever is asked for. Gives its port.
pub(crate) async fn elsewhere() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A browser may open one that it does not use.
            tokio::spawn(async move {
                let mut head = [0; 4096];
                _ = stream.read(&mut head).await;
                let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<!doctype html>";
                _ = stream.write_all(page.as_bytes()).await;
            });
        }
    });
    port
}
