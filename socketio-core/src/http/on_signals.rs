//! When the system says that it is time to end.

/// Resolves at the first SIGTERM or SIGINT (on Windows: Ctrl-C, Ctrl-Break, or the end of the console): for
/// [`serve`](crate::Server::serve) and [`App::serve`](super::App::serve), which then end gracefully.
///
/// From then on a second signal ends the process at once, with the exit code that a shell gives for it (143, 130): whoever asks twice
/// does not want to wait for [`shutdown_within`](crate::server::ServerBuilder::shutdown_within).
///
/// ```no_run
/// # async fn example(io: socketio_core::Server) -> Result<(), Box<dyn std::error::Error>> {
/// io.serve("0.0.0.0:5000", socketio_core::http::shutdown_signal()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Outside of a tokio runtime.
pub async fn shutdown_signal() {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!(target: "socketio", %error, "cannot listen to signals: they end the process at once");
            return std::future::pending().await;
        }
    };
    let (name, _) = signals.next().await;
    tracing::info!(target: "socketio", signal = name, "the server ends, a second signal ends it at once");
    tokio::spawn(async move {
        let (name, code) = signals.next().await;
        tracing::warn!(target: "socketio", signal = name, "a second signal, the process ends at once");
        std::process::exit(code);
    });
}

#[cfg(unix)]
use self::of_unix::Signals;
#[cfg(windows)]
use self::of_windows::Signals;

#[cfg(unix)]
mod of_unix {
    use std::future::poll_fn;
    use std::io;
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) struct Signals {
        terminate: Signal,
        interrupt: Signal,
    }

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Signals {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }

        /// Its name, and the exit code that tells of it.
        pub(super) async fn next(&mut self) -> (&'static str, i32) {
            poll_fn(|cx| {
                if self.terminate.poll_recv(cx).is_ready() {
                    Poll::Ready(("SIGTERM", 143))
                } else {
                    self.interrupt.poll_recv(cx).map(|_| ("SIGINT", 130))
                }
            })
            .await
        }
    }
}

#[cfg(windows)]
mod of_windows {
    use std::future::poll_fn;
    use std::io;
    use std::task::Poll;

    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
    };

    pub(super) struct Signals {
        c: CtrlC,
        r#break: CtrlBreak,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Signals {
                c: ctrl_c()?,
                r#break: ctrl_break()?,
                close: ctrl_close()?,
                shutdown: ctrl_shutdown()?,
            })
        }

        /// Its name, and the exit code that tells of it.
        pub(super) async fn next(&mut self) -> (&'static str, i32) {
            poll_fn(|cx| {
                if self.c.poll_recv(cx).is_ready() {
                    Poll::Ready(("Ctrl-C", 130))
                } else if self.r#break.poll_recv(cx).is_ready() {
                    Poll::Ready(("Ctrl-Break", 130))
                } else if self.close.poll_recv(cx).is_ready() {
                    Poll::Ready(("close", 143))
                } else {
                    self.shutdown.poll_recv(cx).map(|_| ("shutdown", 143))
                }
            })
            .await
        }
    }
}
