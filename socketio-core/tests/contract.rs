//! What every broker must do, done by the two that live in memory.
#![cfg(feature = "contract")]

use socketio_core::adapter::contract;
use socketio_core::adapter::memory::{Memory, MemoryHub, MemoryLog};

#[tokio::test]
async fn memory_does_what_every_broker_must() {
    contract::run::<Memory>(MemoryHub::named("contract").options()).await;
}

#[tokio::test]
async fn memory_that_keeps_does_what_every_broker_must() {
    contract::run::<MemoryLog>(MemoryHub::named("contract").options()).await;
}

#[tokio::test]
async fn memory_with_a_limit_does_what_every_broker_must() {
    let options = MemoryHub::named("contract-with-a-limit").options().frame_limit(100_000);
    contract::run::<MemoryLog>(options).await;
}

#[tokio::test]
async fn memory_says_when_it_is_away() {
    let away = MemoryHub::named("contract-away");
    away.refuse(true);
    contract::run_dead::<Memory>(|_address| "memory://contract-away".into()).await;
}

#[tokio::test]
async fn memory_says_when_its_link_is_cut() {
    let hub = MemoryHub::named("contract-with-cuts");
    contract::run_cut::<Memory>(hub.options(), async || hub.cut()).await;
    contract::run_cut::<MemoryLog>(hub.options(), async || hub.cut()).await;
}
