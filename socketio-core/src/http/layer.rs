//! The server as a `tower` layer: it answers for its path, and passes on what is for others.

use tower_layer::Layer;

use super::app::App;

/// Puts the server before another service: `Router::new().layer(io.layer())`. What it makes is an [`App`] with that service behind it.
///
/// What [`SocketIoService`](super::SocketIoService) asks of the host server holds here, too.
#[derive(Clone, Debug)]
pub struct SocketIoLayer {
    app: App,
}

impl SocketIoLayer {
    pub(crate) fn new(app: App) -> Self {
        SocketIoLayer { app }
    }
}

impl<S> Layer<S> for SocketIoLayer {
    type Service = App<S>;

    fn layer(&self, inner: S) -> App<S> {
        self.app.clone().fallback(inner)
    }
}
