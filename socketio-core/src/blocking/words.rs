//! The words that several types have in common. Each says the word of the same name to the type that it stands for.

/// Handlers of what happens to clients that are in.
macro_rules! event_words {
    ($type:ty) => {
        impl $type {
            /// Handles an event with a plain function, which may block; a second handler for the same name replaces the first.
            ///
            /// What it returns is the client's ack. It takes up to five [extractors](crate::handler), with
            /// [`blocking::Socket`](crate::blocking::Socket) for the client. [Where it runs](crate::blocking#where-handlers-run).
            ///
            /// # Panics
            ///
            /// `event` is a reserved name: `connect`, `connect_error`, `disconnect`, `disconnecting`, `newListener`, `removeListener`.
            #[track_caller]
            pub fn on<M>(
                &self,
                event: &str,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                (**self).on(event, $crate::handler::Blocking::new(handler));
                self
            }

            /// The same as [`on`](Self::on), by the name that it has in the async server.
            ///
            /// # Panics
            ///
            /// `event` is a reserved name.
            #[track_caller]
            pub fn on_blocking<M>(
                &self,
                event: &str,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                self.on(event, handler)
            }

            /// Handles an event the next time that it comes, and never again.
            ///
            /// # Panics
            ///
            /// `event` is a reserved name.
            #[track_caller]
            pub fn once<M>(
                &self,
                event: &str,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                (**self).once(event, $crate::handler::Blocking::new(handler));
                self
            }

            /// Forgets the handler of `event`: clients that send it get no ack, unless somebody else handles it.
            pub fn off(&self, event: &str) -> &Self {
                (**self).off(event);
                self
            }

            /// Handles every event that has no handler here; [`EventName`](crate::handler::EventName) says which it is. The last one
            /// given counts. Python: `on('*')`. The order in which handlers are looked up: [`Namespace::on_any`](crate::Namespace::on_any).
            pub fn on_any<M>(
                &self,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                (**self).on_any($crate::handler::Blocking::new(handler));
                self
            }

            /// Forgets the catch-all.
            pub fn off_any(&self) -> &Self {
                (**self).off_any();
                self
            }

            /// Puts a middleware before the handlers of events: it may let them pass, change, refuse or time them.
            ///
            /// It takes the extractors of a handler, and [`blocking::Next`](crate::blocking::Next), which runs what comes behind it, on
            /// the same thread. What it returns is the client's ack. Their order: [`Namespace::use_event`](crate::Namespace::use_event).
            pub fn use_event<M>(
                &self,
                middleware: impl $crate::handler::BlockingHandler<$crate::handler::kind::Middleware, M>,
            ) -> &Self {
                (**self).use_event($crate::handler::Blocking::new(middleware));
                self
            }

            /// Watches what clients are sent: runs once for each event and each client, after the event has been queued for it. The last
            /// one given counts.
            ///
            /// It runs on the thread that sends, and must not block. What it sends itself is not watched.
            pub fn on_any_outgoing<M>(
                &self,
                watcher: impl $crate::handler::Handler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                (**self).on_any_outgoing(watcher);
                self
            }

            /// Ends the watching.
            pub fn off_any_outgoing(&self) -> &Self {
                (**self).off_any_outgoing();
                self
            }

            /// Runs when a client is about to be gone, with its rooms still there: they are left when it has returned. The last one given
            /// counts.
            pub fn on_disconnecting<M>(
                &self,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Disconnect, M>,
            ) -> &Self {
                (**self).on_disconnecting($crate::handler::Blocking::new(handler));
                self
            }

            /// Runs when a client that was let in is gone, however that came: once, and its rooms are empty of it already. The last one
            /// given counts.
            pub fn on_disconnect<M>(
                &self,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Disconnect, M>,
            ) -> &Self {
                (**self).on_disconnect($crate::handler::Blocking::new(handler));
                self
            }

            /// Runs when a client's connection has changed from polling to WebSocket. The last one given counts.
            pub fn on_upgrade<M>(
                &self,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Connected, M>,
            ) -> &Self {
                (**self).on_upgrade($crate::handler::Blocking::new(handler));
                self
            }
        }
    };
}

/// Handlers of clients that come in.
macro_rules! connect_words {
    ($type:ty) => {
        impl $type {
            /// Decides who may come in: runs before the client hears anything, and may block. The last one given counts.
            ///
            /// It takes up to five [extractors](crate::handler), among them [`Auth`](crate::handler::Auth), and returns `()`, a `bool`, or
            /// `Result<(), E>` where `E` becomes a [`ConnectError`](crate::handler::ConnectError).
            pub fn on_connect<M>(&self, handler: impl $crate::handler::BlockingConnectHandler<M>) -> &Self {
                (**self).on_connect($crate::handler::Blocking::new(handler));
                self
            }

            /// Puts a middleware before `on_connect`: the same kind of function. Node: `io.use`. Their order:
            /// [`Namespace::use_connect`](crate::Namespace::use_connect).
            pub fn use_connect<M>(
                &self,
                middleware: impl $crate::handler::BlockingConnectHandler<M>,
            ) -> &Self {
                (**self).use_connect($crate::handler::Blocking::new(middleware));
                self
            }

            /// Runs after the client has been let in and told so; it is given to a thread before the client's first event. Node calls it
            /// `connection`.
            pub fn on_connected<M>(
                &self,
                handler: impl $crate::handler::BlockingHandler<$crate::handler::kind::Connected, M>,
            ) -> &Self {
                (**self).on_connected($crate::handler::Blocking::new(handler));
                self
            }

            /// Handles with the methods of an instance what no function handles: one instance for all clients; see
            /// [`Class`](crate::handler::Class). Methods that are not async run where handlers run, and may block. The last one given
            /// counts.
            pub fn class<C: $crate::handler::Class>(&self, class: C) -> &Self {
                (**self).class_in(class, $crate::handler::Place::Pool);
                self
            }

            /// Watches the rooms on this server: who creates, joins, leaves and ends them. The last one given counts.
            ///
            /// It runs on the thread that made the change, and must not block.
            pub fn on_room_event(
                &self,
                watcher: impl Fn(&$crate::server::RoomEvent) + Send + Sync + 'static,
            ) -> &Self {
                (**self).on_room_event(watcher);
                self
            }
        }
    };
}

/// What is said to everybody in a namespace, `/` for a server.
macro_rules! everybody_words {
    ($type:ty) => {
        impl $type {
            /// The sockets in any of these rooms.
            pub fn to(&self, rooms: impl $crate::IntoRooms) -> $crate::blocking::Broadcast {
                self.many((**self).to(rooms))
            }

            /// Everybody but the sockets in these rooms.
            pub fn except(&self, rooms: impl $crate::IntoRooms) -> $crate::blocking::Broadcast {
                self.many((**self).except(rooms))
            }

            /// Everybody who is on this node.
            pub fn local(&self) -> $crate::blocking::Broadcast {
                self.many((**self).local())
            }

            /// Everybody: see [`Broadcast::volatile`](crate::blocking::Broadcast::volatile).
            pub fn volatile(&self) -> $crate::blocking::Broadcast {
                self.many((**self).volatile())
            }

            /// Everybody: see [`Broadcast::compress`](crate::blocking::Broadcast::compress).
            pub fn compress(&self, compress: bool) -> $crate::blocking::Broadcast {
                self.many((**self).compress(compress))
            }

            /// Sets how long the next question to everybody waits for answers. Default: 5 s.
            pub fn timeout(&self, timeout: std::time::Duration) -> $crate::blocking::Broadcast {
                self.many((**self).timeout(timeout))
            }

            /// Sends `event` to one client on whatever node, and waits for its answer, `timeout` at most. A client on another
            /// node of ours has 60 s at most, however long `timeout` is.
            ///
            /// # Errors
            ///
            /// [`AckError::Timeout`](crate::server::AckError::Timeout) also when no node has such a client: that cannot be told apart.
            ///
            /// # Panics
            ///
            /// On a thread that drives async tasks; nothing was sent.
            #[track_caller]
            pub fn call<T: $crate::server::Answer + Send + 'static>(
                &self,
                sid: impl Into<$crate::Sid>,
                event: &str,
                args: impl $crate::IntoArgs,
                timeout: std::time::Duration,
            ) -> Result<T, $crate::server::AckError> {
                $crate::blocking::waiting::must_be_allowed();
                let (inner, sid, event) = ((**self).clone(), sid.into(), event.to_owned());
                let args = $crate::RawArgs::encode(&args).map_err($crate::server::EmitError::Encode)?;
                let answer = self.wait(async move { inner.call(sid, &event, args, timeout).await });
                answer.unwrap_or(Err($crate::server::AckError::Disconnected))
            }

            /// Who is here, on every node.
            ///
            /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says;
            /// [`Fetched::silent`](crate::adapter::Fetched::silent) names those that did not.
            ///
            /// # Errors
            ///
            /// Nobody was asked.
            ///
            /// # Panics
            ///
            /// On a thread that drives async tasks.
            #[track_caller]
            pub fn fetch_sockets(
                &self,
            ) -> Result<$crate::adapter::Fetched<$crate::blocking::RemoteSocket>, $crate::adapter::AdapterError>
            {
                let inner = (**self).clone();
                let fetched = self.wait(async move { inner.fetch_sockets().await });
                let fetched = fetched.unwrap_or(Err($crate::adapter::AdapterError::NoServer))?;
                Ok($crate::blocking::RemoteSocket::all(fetched, self.server()))
            }

            /// The rooms on every node, each with its number of sockets.
            ///
            /// Nodes have 5 s to answer; [`Fetched::silent`](crate::adapter::Fetched::silent) names those that did not.
            ///
            /// # Errors
            ///
            /// Nobody was asked.
            ///
            /// # Panics
            ///
            /// On a thread that drives async tasks.
            #[track_caller]
            pub fn rooms(
                &self,
            ) -> Result<$crate::adapter::Fetched<($crate::Room, u64)>, $crate::adapter::AdapterError> {
                let inner = (**self).clone();
                let rooms = self.wait(async move { inner.rooms().await });
                rooms.unwrap_or(Err($crate::adapter::AdapterError::NoServer))
            }

            /// A client of this process, by its id, from anywhere in the program.
            #[must_use]
            pub fn socket(&self, sid: &str) -> Option<$crate::blocking::Socket> {
                (**self).socket(sid).map($crate::blocking::Socket::new)
            }

            /// The clients of this process, as they are now.
            #[must_use]
            pub fn sockets(&self) -> Vec<$crate::blocking::Socket> {
                (**self).sockets().into_iter().map($crate::blocking::Socket::new).collect()
            }
        }
    };
}

pub(super) use {connect_words, event_words, everybody_words};
