//! One connection to one server, that takes commands or listens.

use std::sync::Arc;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline, Value};
use tokio::task::JoinSet;

use crate::RedisError;
use crate::ahead::Ahead;
use crate::options::{Address, Dialer, within};

/// A connection that takes commands; it ends when this is dropped, whatever is still unanswered.
pub(crate) struct Commands {
    pub(crate) dialer: Dialer,
    pub(crate) server: Address,
    connection: MultiplexedConnection,
    _driver: JoinSet<()>,
}

impl Commands {
    pub(crate) async fn open(dialer: &Dialer, server: &Address) -> Result<Self, RedisError> {
        let config = AsyncConnectionConfig::new().set_response_timeout(None); // there is one here
        let greet =
            async |socket| MultiplexedConnection::new_with_config(&dialer.login, socket, config).await;
        let (connection, driver) = dialer.connect(server, greet).await?;
        Ok(Commands::new(dialer, server, connection, driver))
    }

    /// What goes over `connection`, which lives by `driver`.
    pub(crate) fn new(
        dialer: &Dialer,
        server: &Address,
        connection: MultiplexedConnection,
        driver: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let mut task = JoinSet::new();
        task.spawn(driver);
        Commands { dialer: dialer.clone(), server: server.clone(), connection, _driver: task }
    }

    /// Another connection to the same server, that listens to `channels` from now on.
    pub(crate) async fn listen(&self, channels: &[&str]) -> Result<(PubSub, Arc<Ahead>), RedisError> {
        let ahead = Arc::<Ahead>::default();
        let listening = self.dialer.connect(&self.server, async |socket| {
            let mut listener = PubSub::new(&self.dialer.login, ahead.bound(socket)).await?;
            listener.subscribe(channels).await?;
            Ok(listener)
        });
        Ok((listening.await?, ahead))
    }

    /// Puts `commands` into the connection's queue when first polled; resolves to their answers, errors of the server among them.
    pub(crate) fn send(&self, commands: Pipeline) -> impl Future<Output = Result<Vec<Value>, RedisError>> {
        let mut connection = self.connection.clone();
        async move {
            let answers = connection.send_packed_commands(&commands, 0, commands.len()).await;
            answers.map_err(|error| self.dialer.error(&self.server, &error))
        }
    }

    /// What the server says to a command, if that is no error.
    pub(crate) fn accept(&self, answer: Value) -> Result<Value, RedisError> {
        answer.extract_error().map_err(|error| self.dialer.error(&self.server, &error))
    }

    /// Waits for an answer, for as long as the options allow.
    pub(crate) async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, RedisError> {
        within(self.dialer.answer_timeout, &self.server, answer).await
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Result<T, RedisError> {
        let mut connection = self.connection.clone();
        let answer = async { Ok(connection.send_packed_command(&command).await) };
        let answer =
            self.answer(answer).await?.and_then(|value| Ok(redis::from_redis_value(value.extract_error()?)?));
        answer.map_err(|error| self.dialer.error(&self.server, &error))
    }
}
