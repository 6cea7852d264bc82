//! A resource of an actix-web application: polling, WebSocket and the upgrade, beside actix's own routes.
//!
//! ```text
//! cargo run -p socketio-examples --features actix --example actix
//! curl -i http://127.0.0.1:3000/clients
//! ```
//!
//! With `-- ADDRESS CERTIFICATE KEY` it is https.

#[path = "listen.rs"]
mod listen; // where, and whether by TLS

use std::error::Error;

use actix_web::{App, HttpResponse, HttpServer, web};
use socketio_core::http::shutdown_signal;
use socketio_core::{Data, HandlerError, Server, Socket};

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

/// actix's handlers have the server as their data, to emit through.
async fn clients(io: web::Data<Server>) -> String {
    format!("{}\n", io.counters().sockets)
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().body("there is no such page\n")
}

// Not `actix_web::main`: sessions and handlers run on this runtime, and that has threads beside actix's workers.
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("say", say);

    let application = {
        let io = io.clone();
        move || {
            App::new()
                .app_data(web::Data::new(io.clone()))
                .service(io.actix_resource())
                .route("/", web::get().to(|| async { "a page of our own\n" }))
                .route("/clients", web::get().to(clients))
                .default_service(web::to(not_found))
        }
    };

    let (listener, tls) = listen::from_arguments()?;
    let server = HttpServer::new(application);
    let server = match tls {
        Some(tls) => {
            tls.keep_fresh();
            // The configuration stays as it is: what changes is the certificate in it.
            server.listen_rustls_0_23(listener, tls.server_config().as_ref().clone())?
        }
        None => server.listen(listener)?,
    };
    let server = server
        .disable_signals() // it would not tell the clients
        .shutdown_timeout(5)
        .run();
    let actix = server.handle();
    tokio::spawn(async move {
        shutdown_signal().await;
        io.close().await;
        actix.stop(true).await;
    });
    server.await?;
    Ok(())
}
