//! The words that emitters of both kinds have in common: none of them waits.

/// Settings, and what is said to everybody in `/`, of an emitter with a `publisher()` and a `with_publisher(…)`.
macro_rules! words {
    () => {
        /// Reads the URL, and does nothing else: the first use connects.
        ///
        /// # Errors
        ///
        /// The URL makes no sense to the broker.
        pub fn new(url: &str) -> Result<Self, B::Error> {
            Ok(Self::with_publisher(Publisher::new(url)?))
        }

        /// The same with options that a URL cannot express.
        #[must_use]
        pub fn with_options(options: B::Options) -> Self {
            Self::with_publisher(Publisher::with_options(options))
        }

        /// An emitter like this one on another channel, with a link of its own. Default: `socketio`, as in python-socketio.
        #[must_use]
        pub fn channel(&self, channel: &str) -> Self {
            Self::with_publisher(self.publisher().channel(channel))
        }

        /// An emitter like this one, with a link of its own and room for so many bytes while the broker is away; beyond, the oldest
        /// operations are dropped. Default: 16 MiB.
        #[must_use]
        pub fn max_queued(&self, bytes: usize) -> Self {
            Self::with_publisher(self.publisher().max_queued(bytes))
        }

        /// An emitter like this one, with a link of its own, whose operations wait so long at most. Default: 60 s.
        #[must_use]
        pub fn max_queue_age(&self, age: Duration) -> Self {
            Self::with_publisher(self.publisher().max_queue_age(age))
        }

        /// Everybody in `namespace`, to narrow down with `to` and `except`. `chat` is `/chat`.
        pub fn of(&self, namespace: &str) -> socketio_core::adapter::Broadcast<Self> {
            socketio_core::adapter::Broadcast::everyone(std::sync::Arc::new(self.clone()), namespace)
        }

        /// Those in any of these rooms of `/`, each once. A client's id is a room.
        pub fn to(&self, rooms: impl IntoRooms) -> socketio_core::adapter::Broadcast<Self> {
            self.of("/").to(rooms)
        }

        /// Everybody in `/`, except those in any of these rooms.
        pub fn except(&self, rooms: impl IntoRooms) -> socketio_core::adapter::Broadcast<Self> {
            self.of("/").except(rooms)
        }

        /// Sends `event` to everybody in `/`. Nothing is waited for, see [`flush`](Self::flush).
        ///
        /// # Errors
        ///
        /// The arguments cannot be JSON, the event's name is reserved, the broker takes no frame of this size, or the emitter cannot
        /// be started here: nothing was sent.
        pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
            self.of("/").emit(event, args)
        }

        /// Sends a `message` event to everybody in `/`.
        ///
        /// # Errors
        ///
        /// Those of [`emit`](Self::emit).
        pub fn send(&self, args: impl IntoArgs) -> Result<Receipt, EmitError> {
            self.of("/").send(args)
        }

        /// Takes everybody out of `room` of `/`, on every node, python's included.
        ///
        /// # Errors
        ///
        /// The emitter cannot be started here; the room is as it was.
        pub fn close_room(&self, room: impl Into<Room>) -> Result<Receipt, AdapterError> {
            self.close_room_of("/", room)
        }

        /// Takes everybody out of `room` of `namespace`, on every node, python's included.
        ///
        /// # Errors
        ///
        /// Those of [`close_room`](Self::close_room).
        pub fn close_room_of(&self, namespace: &str, room: impl Into<Room>) -> Result<Receipt, AdapterError> {
            self.dispatch(Operation::close_room(namespace, room))
        }

        /// How it is connected, and what has become of what was emitted.
        #[must_use]
        pub fn health(&self) -> PublisherHealth {
            self.publisher().health()
        }
    };
}

pub(crate) use words;
