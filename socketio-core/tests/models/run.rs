//! Runs each model along a fixed number of orders, and says which.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// Orders of one model, one half chosen at random, the other by priorities that change at few points: what needs long runs of one
/// thread is found by these.
const ORDERS: usize = 1000;
const SEED: u64 = 1;
/// Priorities change at so many points.
const CHANGES: usize = 3;
/// Handlers, JSON and HTTP run on a thread's stack.
const STACK: usize = 512 * 1024;

pub(crate) type Model = (&'static str, fn());

/// Functions, each with its name.
macro_rules! models {
    ($($file:ident::$model:ident),* $(,)?) => {
        &[$((concat!(stringify!($file), "::", stringify!($model)), crate::$file::$model as fn())),*]
    };
}
pub(crate) use models;

pub(crate) fn run(models: &'static [Model]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    if arguments.iter().any(|argument| argument == "--list") {
        models.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let orders = number("MODEL_ORDERS", ORDERS as u64) as usize;
    let seed = number("MODEL_SEED", SEED);
    // The server is built on it, and it never runs: what a server starts for itself (its sweep) stays out of the models.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _runtime = runtime.enter();
    let mut failed = false;
    for (name, model) in models.iter().filter(|(name, _)| filter.is_none_or(|filter| name.contains(filter))) {
        let start = Instant::now();
        let random = RandomScheduler::new_from_seed(seed, orders.div_ceil(2));
        let priorities = PctScheduler::new_from_seed(seed, CHANGES, orders / 2);
        let passed = catch_unwind(AssertUnwindSafe(|| {
            Runner::new(random, config()).run(*model);
            Runner::new(priorities, config()).run(*model);
        }));
        crate::sync::forget();
        let outcome = if passed.is_ok() { "ok" } else { "FAILED" };
        let seconds = start.elapsed().as_secs_f32();
        println!("model {name} ... {outcome} (MODEL_ORDERS={orders} MODEL_SEED={seed}, {seconds:.1} s)");
        failed |= passed.is_err();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.silence_warnings = true;
    config
}

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{name} is not a number: {number}")),
        Err(_) => default,
    }
}
