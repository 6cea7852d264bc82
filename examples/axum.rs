//! Inside an axum router: Socket.IO, other routes and a 404 of one's own on one port, with one state for both.
//!
//! ```text
//! cargo run -p socketio-examples --features axum --example axum
//! curl -d '"the kettle is on"' -H 'content-type: application/json' http://127.0.0.1:3000/notify
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use socketio_core::{Server, State};

#[derive(Default)]
struct Visits(AtomicUsize);

impl Visits {
    fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn number(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the routes share: the server, to emit through, and what the handlers have as their state.
#[derive(Clone)]
struct App {
    io: Server,
    visits: Arc<Visits>,
}

fn connect(visits: State<Arc<Visits>>) {
    visits.add_one();
}

async fn count(Shared(app): Shared<App>) -> String {
    format!("{} visits so far\n", app.visits.number())
}

/// Tells every connected client; answers how many there were.
async fn notify(Shared(app): Shared<App>, Json(text): Json<String>) -> Result<String, StatusCode> {
    let sent = app.io.emit("notice", text).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("{} clients\n", sent.local))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let visits = Arc::new(Visits::default());
    let io = Server::builder().state(Arc::clone(&visits)).build()?;
    io.on_connect(connect);

    let app = Router::new()
        .route("/", get(count))
        .route("/notify", post(notify))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such page\n") })
        .with_state(App { io: io.clone(), visits })
        .layer(io.layer()); // last, so that a Socket.IO request never reaches the routes

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    // The client's address reaches the log and the handlers through axum's `ConnectInfo`.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            _ = tokio::signal::ctrl_c().await;
            io.close().await; // axum does not wait for what has been upgraded
        })
        .await?;
    Ok(())
}
