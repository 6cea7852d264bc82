//! A worker: takes jobs from a list of Redis, and reports how far it is to the client that asked. Its page is in `worker/`, its other
//! side in `worker/jobs.rs`: the servers put the jobs into the list.
//!
//! ```text
//! make cluster
//! cargo run -p socketio-examples --features worker,redis --example worker -- --manager redis://localhost --jobs redis://localhost
//! ```
//!
//! It is no server and knows none: an emitter reaches the client on whatever node it is. Any number of workers share one list. A job
//! whose worker dies is lost: what must not be, `BLMOVE` keeps in a second list until it is done.

mod broker; // which one a URL names
#[path = "worker/job.rs"]
mod job; // what is in the list

use std::convert::Infallible;
use std::error::Error;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser;
use redis::{RedisError, TypedCommands};
use socketio_core::adapter::broker::Broker;
use socketio_emitter::blocking::Emitter;

use crate::job::{Job, LIST, NAMESPACE};

/// Takes jobs from a list and reports to the clients that asked.
#[derive(Parser)]
#[command(name = "worker")]
struct Options {
    /// The broker of the servers: redis://…, amqp://… or kafka://…
    #[arg(long, value_name = "URL")]
    manager: String,

    /// What the servers call themselves at the broker
    #[arg(long, default_value = "socketio")]
    channel: String,

    /// The Redis that keeps the jobs
    #[arg(long, value_name = "URL")]
    jobs: String,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let Err(error) = run(&Options::parse());
    eprintln!("worker: {error}");
    ExitCode::FAILURE
}

fn run(options: &Options) -> Result<Infallible, Box<dyn Error>> {
    let (url, jobs) = (&options.manager, redis::Client::open(&*options.jobs)?);
    match broker::feature(url)? {
        #[cfg(feature = "redis")]
        "redis" => work(Emitter::<socketio_redis::Redis>::new(url)?, &options.channel, &jobs),
        #[cfg(feature = "amqp")]
        "amqp" => work(Emitter::<socketio_amqp::Amqp>::new(url)?, &options.channel, &jobs),
        #[cfg(feature = "kafka")]
        "kafka" => work(Emitter::<socketio_kafka::Kafka>::new(url)?, &options.channel, &jobs),
        feature => Err(broker::not_built_in(feature).into()),
    }
}

/// Goes on until the process ends. A Redis that is away is waited for, and said once.
fn work<B: Broker>(emitter: Emitter<B>, channel: &str, jobs: &redis::Client) -> ! {
    let emitter = emitter.channel(channel);
    let mut told = String::new();
    loop {
        let Err(error) = take_jobs(&emitter, jobs);
        if error.to_string() != told {
            told = error.to_string();
            eprintln!("worker: {told}");
        }
        sleep(Duration::from_secs(1));
    }
}

fn take_jobs<B: Broker>(emitter: &Emitter<B>, jobs: &redis::Client) -> Result<Infallible, RedisError> {
    let mut redis = jobs.get_connection_with_timeout(Duration::from_secs(5))?;
    redis.set_read_timeout(Some(Duration::from_secs(30)))?;
    loop {
        // Less than the line above: a connection that is dead is noticed.
        let Some([_, job]) = redis.blpop(LIST, 20.0)? else { continue };
        match serde_json::from_str(&job) {
            Ok(job) => count_primes(emitter, &job),
            Err(error) => eprintln!("worker: what is no job is left out: {error}"),
        }
    }
}

/// The client hears 0 when its turn has come, then each percent, and at last the number and the seconds.
fn count_primes<B: Broker>(emitter: &Emitter<B>, job: &Job) {
    let client = emitter.of(NAMESPACE).to(job.sid.as_str());
    let started = Instant::now();
    let mut primes = 0;
    let mut counted = 0;
    let mut told = client.emit("progress", (job.id, 0));
    for percent in 1..=100 {
        let end = u64::from(job.below) * percent / 100;
        primes += (counted..end).filter(|&number| is_prime(number)).count();
        counted = end;
        told = told.and_then(|_| client.emit("progress", (job.id, percent)));
    }
    told = told.and_then(|_| client.emit("done", (job.id, primes, started.elapsed().as_secs_f64())));
    // Emits wait in a queue: now the broker is to have them.
    match (told, emitter.flush(Duration::from_secs(5))) {
        (Err(error), _) => eprintln!("worker: {error}"),
        (_, Err(error)) => eprintln!("worker: {error}"),
        (Ok(_), Ok(_)) => println!("{} primes below {}, in {:.1?}", primes, job.below, started.elapsed()),
    }
}

fn is_prime(number: u64) -> bool {
    let divides = |divisor| number.is_multiple_of(divisor);
    match number {
        0 | 1 => false,
        2 => true,
        _ => {
            !divides(2)
                && (3..)
                    .step_by(2)
                    .take_while(|divisor| divisor * divisor <= number)
                    .all(|divisor| !divides(divisor))
        }
    }
}
