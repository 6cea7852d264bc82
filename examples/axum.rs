//! Inside an axum router: Socket.IO, other routes and a 404 of one's own on one port, with one state for both, and one login.
//!
//! ```text
//! cargo run -p socketio-examples --features axum --example axum
//! curl -c jar -d '{"name":"ada","password":"open sesame"}' -H 'content-type: application/json' http://127.0.0.1:3000/login
//! curl -b jar -d '"the kettle is on"' -H 'content-type: application/json' http://127.0.0.1:3000/notify
//! ```
//!
//! With `-- ADDRESS CERTIFICATE KEY` it is https; SIGHUP reads the two PEM files again.
//!
//! The login leaves a cookie. It opens the route `/notify`, and the namespace `/members` to Socket.IO's clients.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::map_request;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use serde::Deserialize;
use socketio_core::http::{Peer, shutdown_signal};
use socketio_core::{ConnectError, Data, Extension, HandlerError, Server, Socket, State};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

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

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

/// The session of the request that opened the connection: its layer put it there.
async fn member(socket: Socket, Extension(session): Extension<Session>) -> Result<(), ConnectError> {
    let name = user(&session).await.ok_or_else(|| ConnectError::new("log in first"))?;
    socket.emit("welcome", name)?;
    Ok(())
}

async fn count(Shared(app): Shared<App>) -> String {
    format!("{} visits so far\n", app.visits.number())
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
}

async fn login(session: Session, Json(login): Json<Login>) -> Result<&'static str, StatusCode> {
    if login.password != "open sesame" {
        return Err(StatusCode::UNAUTHORIZED);
    }
    // A new id, so that nobody knows it who gave the browser the old one.
    session.cycle_id().await.map_err(broken)?;
    session.insert("user", login.name).await.map_err(broken)?;
    Ok("welcome\n")
}

/// Tells every connected client; answers how many there were.
async fn notify(
    Shared(app): Shared<App>,
    session: Session,
    Json(text): Json<String>,
) -> Result<String, StatusCode> {
    let name = user(&session).await.ok_or(StatusCode::UNAUTHORIZED)?;
    let sent = app.io.emit("notice", (name, text)).map_err(broken)?;
    Ok(format!("{} clients\n", sent.local))
}

async fn user(session: &Session) -> Option<String> {
    session.get("user").await.ok()?
}

fn broken(error: impl Error) -> StatusCode {
    eprintln!("axum: {error}");
    StatusCode::INTERNAL_SERVER_ERROR
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let visits = Arc::new(Visits::default());
    let io = Server::builder().state(Arc::clone(&visits)).build()?;
    io.on_connect(connect).on("say", say);
    io.of("/members").on_connect(member);

    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let tls = arguments.next().zip(arguments.next());

    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(tls.is_some());
    let app = Router::new()
        .route("/", get(count))
        .route("/login", post(login))
        .route("/notify", post(notify))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such page\n") })
        .with_state(App { io: io.clone(), visits })
        .layer(io.layer()) // behind the routes, so that a Socket.IO request never reaches them
        .layer(sessions); // and this behind `io.layer()`, so that it sees those requests

    let listener = tokio::net::TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    if let Some((certificate, key)) = tls {
        let config = RustlsConfig::from_pem_file(&certificate, &key).await?;
        println!("listening on https://{address}");
        return serve_tls(listener.into_std()?, app, io, config, certificate, key).await;
    }
    println!("listening on http://{address}");
    // The client's address reaches the log and the handlers through axum's `ConnectInfo`.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            shutdown_signal().await;
            io.close().await; // axum does not wait for what has been upgraded
        })
        .await?;
    Ok(())
}

/// The same over TLS, by axum-server.
async fn serve_tls(
    listener: std::net::TcpListener,
    app: Router,
    io: Server,
    config: RustlsConfig,
    certificate: String,
    key: String,
) -> Result<(), Box<dyn Error>> {
    // Pages come with the origin https://…, and only who accepted the connection knows that it is encrypted.
    let app = app.layer(map_request(
        |ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request| async move {
            request.extensions_mut().insert(Peer::from(address).secure(true));
            request
        },
    ));
    #[cfg(unix)]
    tokio::spawn(reload_at_hangup(config.clone(), certificate, key));
    let handle = Handle::new();
    let closing = handle.clone();
    tokio::spawn(async move {
        shutdown_signal().await;
        io.close().await;
        closing.graceful_shutdown(Some(Duration::from_secs(5)));
    });
    axum_server::from_tcp_rustls(listener, config)?
        .handle(handle)
        .serve(app.into_make_service_with_connect_info::<SocketAddr>())
        .await?;
    Ok(())
}

/// New connections have the new certificate; those that are open keep theirs. Files that make no sense change nothing.
#[cfg(unix)]
async fn reload_at_hangup(config: RustlsConfig, certificate: String, key: String) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        if let Err(error) = config.reload_from_pem_file(&certificate, &key).await {
            eprintln!("axum: {certificate}, {key}: {error}");
        }
    }
}
