//! Frames between nodes, held against what released python-socketio packages wrote on real brokers.

mod book; // the frames in the documentation
mod captured; // the fixtures
mod commands; // callbacks, rooms, disconnects
mod emits; // events for clients
mod refusals; // what is not read
mod round_trips; // whatever is written is read
mod untrusted; // whatever anybody may publish
