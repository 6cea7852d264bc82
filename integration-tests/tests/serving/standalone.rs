//! The examples as processes of their own.

use integration_tests::foreign::foreign;
use integration_tests::program::Program;
use tokio::process::Command;

/// `examples/standalone.rs`, once it listens.
pub(crate) async fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments)).await
}

/// Its command.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone"));
    command.args(arguments).arg("--client").arg(foreign("node_modules/socket.io-client/dist"));
    command
}
