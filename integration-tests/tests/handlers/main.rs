//! Handlers: who handles what, in which order, and what of them stays.

mod classes; // types whose methods are handlers
mod registering; // functions under their own names
mod tables; // handlers in several tables
