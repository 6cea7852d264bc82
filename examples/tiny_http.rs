//! Beside a web framework of threads, on one port: what is not Socket.IO's goes to tiny_http, which listens where nobody else can.
//!
//! ```text
//! cargo run -p socketio-examples --features tiny_http --example tiny_http
//! curl -d 'lunch is ready' http://127.0.0.1:3000/notify
//! ```
//!
//! So it goes with any of them. One whose application can be called as a function needs no port of its own: call it in `fallback`.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Request, Response};
use socketio_core::blocking::{Server, Socket};
use socketio_core::{Data, HandlerError};
use tiny_http::Method;

/// The framework's part, as it would be without Socket.IO; it may emit.
fn app(io: &Server, mut request: tiny_http::Request) -> io::Result<()> {
    let answer = match (request.method(), request.url()) {
        (Method::Get, "/") => tiny_http::Response::from_string("hello from tiny_http"),
        (Method::Post, "/notify") => {
            let text = io::read_to_string(request.as_reader())?;
            match io.emit("notice", text) {
                Ok(reached) => tiny_http::Response::from_string(reached.local.to_string()),
                Err(error) => tiny_http::Response::from_string(error.to_string()).with_status_code(500),
            }
        }
        _ => tiny_http::Response::from_string("tiny_http has no such page").with_status_code(404),
    };
    request.respond(answer)
}

/// Serves it with a few threads, on a port that the system chooses and this machine alone can reach.
fn start(io: &Server) -> Result<SocketAddr, Box<dyn Error + Send + Sync>> {
    let http = Arc::new(tiny_http::Server::http("127.0.0.1:0")?);
    let address = http.server_addr().to_ip().ok_or("it listens on TCP")?;
    for _ in 0..4 {
        let (http, io) = (http.clone(), io.clone());
        thread::spawn(move || {
            while let Ok(request) = http.recv() {
                if let Err(error) = app(&io, request) {
                    eprintln!("a request was not answered: {error}");
                }
            }
        });
    }
    Ok(address)
}

/// Passes a request on, and its answer back.
fn pass_on(
    agent: &ureq::Agent,
    to: SocketAddr,
    request: Request<Bytes>,
) -> Result<Response<Vec<u8>>, ureq::Error> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = format!("http://{to}{path}").parse().map_err(http::Error::from)?;
    for own in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        head.headers.remove(own);
    }
    let answered = match &body[..] {
        [] => agent.run(Request::from_parts(head, ()))?,
        body => agent.run(Request::from_parts(head, body))?,
    };
    let (mut head, mut body) = answered.into_parts();
    for own in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        head.headers.remove(own);
    }
    Ok(Response::from_parts(head, body.read_to_vec()?))
}

fn say(socket: Socket, Data(text): Data<String>) -> Result<(), HandlerError> {
    socket.broadcast().emit("said", text)?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let io = Server::builder().build()?;
    io.on("say", say);
    let behind = start(&io)?;
    // What the other application answers goes out as it is, errors and redirections too.
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    io.fallback(move |request| {
        pass_on(&agent, behind, request).unwrap_or_else(|error| {
            eprintln!("the other application: {error}");
            let mut response = Response::new(b"the other application does not answer".to_vec());
            *response.status_mut() = http::StatusCode::BAD_GATEWAY;
            response
        })
    });

    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    io.close_at_signals();
    println!("listening on http://{address}");
    io.serve(address)?;
    Ok(())
}
