//! The words that give handlers to a socket, a namespace, a family of namespaces, or a server: the same for all.
//!
//! A type that has them says how its table is changed, by `add` and `remove`.

/// Handlers of what happens to clients that are in.
macro_rules! event_words {
    ($type:ty) => {
        impl $type {
            /// Handles an event; a second handler for the same name replaces the first.
            ///
            /// Handlers of one socket start in the order in which its events arrive. What a handler returns is the client's ack. Handlers
            /// can be added and removed at any time, and serve clients that are connected already.
            ///
            /// # Panics
            ///
            /// `event` is a reserved name: `connect`, `connect_error`, `disconnect`, `disconnecting`, `newListener`, `removeListener`.
            #[track_caller]
            pub fn on<M>(
                &self,
                event: &str,
                handler: impl $crate::handler::Handler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                $crate::adapter::reserved::forbid(event);
                let listener = $crate::server::table::Listener::new($crate::handler::erase(handler));
                self.add(|handlers| {
                    handlers.events.insert(event.into(), listener.clone());
                })
            }

            /// Handles an event with a function that blocks: it reads files, computes for long, asks a database without async.
            ///
            /// It runs on a thread for the purpose, at most
            /// [`max_blocking_handlers`](crate::server::ServerBuilder::max_blocking_handlers) at a time; more wait, in order. Else it is
            /// like a handler of [`on`](Self::on), and takes and returns the same.
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
                self.on(event, $crate::handler::Blocking::new(handler))
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
                handler: impl $crate::handler::Handler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                $crate::adapter::reserved::forbid(event);
                let listener = $crate::server::table::Listener::once($crate::handler::erase(handler));
                self.add(|handlers| {
                    handlers.events.insert(event.into(), listener.clone());
                })
            }

            /// Forgets the handler of `event`: clients that send it get no ack, unless somebody else handles it.
            pub fn off(&self, event: &str) -> &Self {
                self.remove(|handlers| {
                    handlers.events.remove(event);
                })
            }

            /// Handles every event that has no handler here; [`EventName`](crate::handler::EventName) says which it is. The last one
            /// given counts. Python: `on('*')`.
            ///
            /// Who handles an event is looked up in this order, as in python: the socket's own handler, its catch-all; the namespace's
            /// handler, its catch-all; the [parent's](crate::server::ParentNamespace); those of
            /// [every namespace](crate::Server::every_namespace).
            pub fn on_any<M>(
                &self,
                handler: impl $crate::handler::Handler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                let handler = $crate::handler::erase(handler);
                self.add(|handlers| handlers.any = Some(handler.clone()))
            }

            /// Forgets the catch-all.
            pub fn off_any(&self) -> &Self {
                self.remove(|handlers| handlers.any = None)
            }

            /// Puts a middleware before the handlers of events: it may let them pass, change, refuse or time them.
            ///
            /// It takes the same extractors as a handler, and [`Next`](crate::handler::Next), which runs what comes behind it. What it
            /// returns is the client's ack. Middlewares run in the order in which they were added, those of every namespace first, then
            /// the parent's, the namespace's, the socket's own; also for events that nobody handles. An event ends with one that does not
            /// run its `Next`.
            ///
            /// ```no_run
            /// use socketio_core::handler::{EventName, HandlerError, Next};
            /// use socketio_core::RawArgs;
            ///
            /// async fn timing(event: EventName, next: Next) -> Result<RawArgs, HandlerError> {
            ///     let start = std::time::Instant::now();
            ///     let answer = next.run().await;
            ///     println!("{event}: {:?}", start.elapsed());
            ///     answer
            /// }
            /// # fn example(io: socketio_core::Server) {
            /// io.use_event(timing);
            /// # }
            /// ```
            pub fn use_event<M>(
                &self,
                middleware: impl $crate::handler::Handler<$crate::handler::kind::Middleware, M>,
            ) -> &Self {
                let middleware = $crate::handler::erase(middleware);
                self.add(|handlers| handlers.event_middlewares.push(middleware.clone()))
            }

            /// Watches what clients are sent: runs once for each event and each client, after the event has been queued for it.
            /// The last one given counts.
            ///
            /// It takes the extractors of a handler of events; what it returns is ignored, and what it sends itself is not watched. Acks
            /// are not watched either. Node: `onAnyOutgoing`.
            pub fn on_any_outgoing<M>(
                &self,
                watcher: impl $crate::handler::Handler<$crate::handler::kind::Event, M>,
            ) -> &Self {
                let watcher = $crate::handler::erase(watcher);
                self.add(|handlers| handlers.outgoing = Some(watcher.clone()))
            }

            /// Ends the watching.
            pub fn off_any_outgoing(&self) -> &Self {
                self.remove(|handlers| handlers.outgoing = None)
            }

            /// Runs when a client is about to be gone, with its rooms still there. The last one given counts.
            ///
            /// The rooms are left when it has returned; one that waits for something sees them until it first waits. Extractors as in
            /// `on_disconnect`.
            pub fn on_disconnecting<M>(
                &self,
                handler: impl $crate::handler::Handler<$crate::handler::kind::Disconnect, M>,
            ) -> &Self {
                let handler = $crate::handler::erase(handler);
                self.add(|handlers| handlers.disconnecting = Some(handler.clone()))
            }

            /// Runs when a client that was let in is gone, however that came: once, and its rooms are empty of it already. The last one
            /// given counts.
            ///
            /// Extractors: [`DisconnectReason`](crate::DisconnectReason) says why.
            pub fn on_disconnect<M>(
                &self,
                handler: impl $crate::handler::Handler<$crate::handler::kind::Disconnect, M>,
            ) -> &Self {
                let handler = $crate::handler::erase(handler);
                self.add(|handlers| handlers.disconnect = Some(handler.clone()))
            }

            /// Runs when a client's connection has changed from polling to WebSocket: [`Socket::transport`](crate::Socket::transport) is
            /// the new one. The last one given counts.
            pub fn on_upgrade<M>(
                &self,
                handler: impl $crate::handler::Handler<$crate::handler::kind::Connected, M>,
            ) -> &Self {
                let handler = $crate::handler::erase(handler);
                self.add(|handlers| handlers.upgraded = Some(handler.clone()))
            }
        }
    };
}

/// Handlers of clients that come in.
macro_rules! connect_words {
    ($type:ty) => {
        impl $type {
            /// Decides who may come in: runs before the client hears anything. The last one given counts.
            ///
            /// It takes up to five [extractors](crate::handler), among them [`Auth`](crate::handler::Auth), and returns `()`, a `bool`
            /// (`false` refuses), or `Result<(), E>` where `E` becomes a [`ConnectError`](crate::handler::ConnectError). What it emits, and
            /// what its rooms are sent meanwhile, follows right after the answer; after a refusal nothing of the client stays.
            pub fn on_connect<M>(&self, handler: impl $crate::handler::ConnectHandler<M>) -> &Self {
                let handler = $crate::handler::erase_connect(handler);
                self.add(|handlers| handlers.connect = Some(handler.clone()))
            }

            /// Puts a middleware before `on_connect`: the same kind of function, which may wait, and refuse with words and data.
            ///
            /// Middlewares run one after the other in the order in which they were added, those of every namespace first, then the
            /// [parent's](crate::server::ParentNamespace), then the namespace's; the first that refuses is the last to run. Node:
            /// `io.use`.
            pub fn use_connect<M>(&self, middleware: impl $crate::handler::ConnectHandler<M>) -> &Self {
                let middleware = $crate::handler::erase_connect(middleware);
                self.add(|handlers| handlers.connect_middlewares.push(middleware.clone()))
            }

            /// Runs after the client has been let in and told so; before its first event. Node calls it `connection`.
            pub fn on_connected<M>(
                &self,
                handler: impl $crate::handler::Handler<$crate::handler::kind::Connected, M>,
            ) -> &Self {
                let handler = $crate::handler::erase(handler);
                self.add(|handlers| handlers.connected = Some(handler.clone()))
            }

            /// Handles with the methods of an instance what no function handles: one instance for all clients. The last one given
            /// counts; see [`Class`](crate::handler::Class). An `Arc` of a class is one too, for a program that goes on using it.
            pub fn class<C: $crate::handler::Class>(&self, class: C) -> &Self {
                self.class_in(class, $crate::handler::Place::Here)
            }

            /// The same with a say in where methods run that are not async.
            pub(crate) fn class_in<C: $crate::handler::Class>(
                &self,
                class: C,
                place: $crate::handler::Place,
            ) -> &Self {
                let methods = $crate::handler::Methods::of(class, place);
                self.add(|handlers| handlers.class = Some(methods.clone()))
            }

            /// Watches the rooms on this server: who creates, joins, leaves and ends them. The last one given counts.
            ///
            /// It runs on the thread that made the change, after it. Changes that different threads make at once may be told in another
            /// order than they were made.
            pub fn on_room_event(
                &self,
                watcher: impl Fn(&$crate::server::RoomEvent) + Send + Sync + 'static,
            ) -> &Self {
                let watcher: $crate::server::watching::RoomWatcher = std::sync::Arc::new(watcher);
                self.add(|handlers| handlers.rooms = Some(watcher.clone()))
            }
        }
    };
}

pub(crate) use {connect_words, event_words};
