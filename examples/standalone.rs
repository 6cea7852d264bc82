//! Standing alone: TLS with certificates that may change, a Unix socket, a socket of systemd, signals.
//!
//! ```text
//! standalone                                        http on 127.0.0.1:5000
//! standalone --listen 0.0.0.0:443 --certificate cert.pem --key key.pem
//! standalone --unix /run/app/app.sock --mode 660    behind nginx on this machine
//! systemd-socket-activate -l 5000 standalone        what systemd has opened comes first
//! ```
//!
//! SIGTERM and Ctrl-C end it gracefully, a second one at once; SIGHUP reads the certificate again.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Parser;
use socketio_core::http::{App, IntoListener, Tls, shutdown_signal};
use socketio_core::{HandlerError, Server, Socket, StaticFiles};
use tokio::net::TcpListener;

/// Answers pings, and serves a page that sends them.
#[derive(Parser)]
struct Options {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1:5000")]
    listen: String,

    /// The certificate chain in PEM; with it HTTPS and wss are spoken
    #[arg(long, requires = "key")]
    certificate: Option<PathBuf>,

    /// The certificate's private key in PEM
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,

    /// A Unix socket to listen on instead
    #[cfg(unix)]
    #[arg(long, conflicts_with = "listen")]
    unix: Option<PathBuf>,

    /// Who may connect to the Unix socket, as permissions in octal
    #[cfg(unix)]
    #[arg(long, default_value = "660", value_parser = |mode: &str| u32::from_str_radix(mode, 8))]
    mode: u32,

    /// The folder that holds socket.io.min.js, the official browser client
    #[arg(long, default_value = "target/client")]
    client: PathBuf,
}

/// The client measures the time from its question to this.
fn ping_from_client(socket: Socket) -> Result<(), HandlerError> {
    socket.emit("pong_from_server", ())?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let options = Options::parse();
    #[cfg(unix)]
    {
        let mut opened = listenfd::ListenFd::from_env();
        if opened.len() > 0 {
            // The kind is what the .socket unit says.
            if let Ok(Some(listener)) = opened.take_tcp_listener(0) {
                return serve(&options, "a socket of systemd", listener).await;
            }
            let listener = opened.take_unix_listener(0)?.ok_or("systemd opened nothing to listen on")?;
            return serve(&options, "a Unix socket of systemd", listener).await;
        }
        if let Some(path) = &options.unix {
            let socket = socketio_core::http::UnixSocket::new(path).mode(options.mode);
            return serve(&options, &path.display().to_string(), socket).await;
        }
    }
    let listener = TcpListener::bind(&options.listen).await?;
    let address = listener.local_addr()?.to_string();
    serve(&options, &address, listener).await
}

async fn serve<L>(options: &Options, place: &str, listener: L) -> Result<(), Box<dyn Error>>
where
    L: IntoListener<Listener: Send> + Send,
{
    let io = Server::builder().trusted_proxies(["unix"]).build()?;
    io.on("ping_from_client", ping_from_client);

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/latency");
    let files = StaticFiles::new()
        .rule("/", page.join("latency.html"))
        .rule("/static", page)
        .rule("/static/socket.io.js", options.client.join("socket.io.min.js"));
    let app = App::new(&io).static_files(files);

    // Bound before it is said that it is.
    match (&options.certificate, &options.key) {
        (Some(certificate), Some(key)) => {
            let listener = Tls::from_pem_files(certificate, key)?.on(listener).into_listener().await?;
            println!("listening with TLS on {place}");
            app.serve(listener, shutdown_signal()).await?;
        }
        _ => {
            let listener = listener.into_listener().await?;
            println!("listening on {place}");
            app.serve(listener, shutdown_signal()).await?;
        }
    }
    Ok(())
}
