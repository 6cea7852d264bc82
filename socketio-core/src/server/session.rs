//! A client's session: what the application keeps for it, in every form of the guide.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Socket;

impl Socket {
    /// Keeps `value` for this client in this namespace, one value per type, until its disconnect handler has ended.
    ///
    /// Guide: "User sessions".
    pub fn save_session<T: Send + Sync + 'static>(&self, value: T) {
        self.store().save(value);
    }

    /// What was saved for this client, if anything of this type was.
    #[must_use]
    pub fn session<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.store().get()
    }

    /// Changes what is saved for this client, starting from the default if nothing is.
    ///
    /// `edit` works on a copy that then takes the place of the value. If another edit was faster it runs again, on the other's result:
    /// no edit is lost.
    pub fn edit_session<T: Clone + Default + Send + Sync + 'static>(&self, edit: impl FnMut(&mut T)) {
        self.store().edit(edit);
    }

    /// Changes what is saved for this client in a scope that writes at its end, starting from the default if nothing is.
    ///
    /// ```
    /// # use socketio_core::Socket;
    /// # #[derive(Clone, Default)] struct Visitor { visits: u32 }
    /// async fn visit(socket: Socket) {
    ///     let mut visitor = socket.session_scope::<Visitor>();
    ///     visitor.visits += 1;
    /// }
    /// ```
    pub fn session_scope<T: Clone + Default + Send + Sync + 'static>(&self) -> SessionScope<T> {
        let socket = self.clone();
        SessionScope::new(self.session(), move |value| socket.save_session(value))
    }
}

/// A session that is being edited: a copy, which is saved when the scope is dropped. It may be held across an `.await`.
///
/// [`Socket::session_scope`](super::Socket::session_scope) gives it. Of scopes that overlap the last one to end counts;
/// [`edit_session`](super::Socket::edit_session) loses no edit.
///
/// Guide: "User sessions", `with sio.session(sid) as session`.
#[must_use = "it is saved again when it is dropped"]
pub struct SessionScope<T: Send + Sync + 'static> {
    value: Option<T>,
    save: Box<dyn Fn(T) + Send + Sync>,
}

impl<T: Clone + Default + Send + Sync + 'static> SessionScope<T> {
    pub(super) fn new(saved: Option<Arc<T>>, save: impl Fn(T) + Send + Sync + 'static) -> Self {
        SessionScope { value: Some(saved.as_deref().cloned().unwrap_or_default()), save: Box::new(save) }
    }
}

impl<T: Send + Sync + 'static> Deref for SessionScope<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("taken by drop alone")
    }
}

impl<T: Send + Sync + 'static> DerefMut for SessionScope<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("taken by drop alone")
    }
}

impl<T: Send + Sync + 'static> Drop for SessionScope<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            (self.save)(value);
        }
    }
}

impl<T: fmt::Debug + Send + Sync + 'static> fmt::Debug for SessionScope<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionScope").field(&self.value).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::Store;

    #[test]
    fn a_scope_writes_at_its_end_and_starts_from_the_default() {
        let store = Arc::new(Store::default());
        let begin = || {
            let into = store.clone();
            SessionScope::<Vec<u8>>::new(store.get(), move |value| into.save(value))
        };
        let mut scope = begin();
        scope.push(1);
        assert_eq!(store.get::<Vec<u8>>(), None);
        drop(scope);
        begin().push(2);
        assert_eq!(store.get::<Vec<u8>>().as_deref(), Some(&vec![1, 2]));
    }
}
