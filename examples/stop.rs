//! When a program is asked to stop.

/// Resolves at SIGTERM, which orchestrators and supervisors send, and at Ctrl-C.
pub(crate) async fn asked() {
    let ctrl_c = async { _ = tokio::signal::ctrl_c().await };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return ctrl_c.await };
        tokio::select! {
            () = ctrl_c => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    ctrl_c.await;
}
