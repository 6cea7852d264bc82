//! The demo as it is deployed: one program for every broker, `make cluster`, `docker-compose.yml`, the worker, and a shell.

mod cluster; // what `make cluster` runs
mod compose; // what docker-compose.yml would
mod nodes; // the chat and the worker by themselves
mod pages; // their pages in Chromium
