//! What it costs to leave a room and to come back, by the number of those who are in it. In one process and without sockets, as no
//! machine at hand has descriptors for a hundred thousand: clients come by long-polling, and each request is given to the server.
//!
//! ```text
//! {"scenario":"members","server":"ours","members":100000,"leave_ns":…,"join_ns":…}
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request};
use socketio_core::{Server, Socket};
use tower_service::Service as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let io =
        Server::builder().ping_interval(Duration::from_secs(3600)).max_connections(usize::MAX).build()?;
    let mut all: Vec<Socket> = Vec::new();
    for members in [1, 100, 10_000, 100_000] {
        for _ in all.len()..members {
            come(&io).await?;
        }
        while all.len() < members {
            tokio::task::yield_now().await;
            all = io.of("/").sockets();
        }
        for socket in &all {
            socket.join("all")?;
        }
        let (mut leave, mut join) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            // Others each time, so that it is the room's cost and not that of what the CPU still has at hand.
            let some: Vec<&Socket> = all.iter().step_by(members.div_ceil(BATCH)).collect();
            leave.push(each(&some, |socket| {
                socket.leave("all");
                Ok(())
            })?);
            join.push(each(&some, |socket| Ok(socket.join("all")?))?);
        }
        println!(
            r#"{{"scenario":"members","server":"ours","members":{members},"leave_ns":{:.0},"join_ns":{:.0}}}"#,
            median(&mut leave),
            median(&mut join)
        );
    }
    Ok(())
}

/// A client, as far as the server sees it.
async fn come(io: &Server) -> Result<(), Box<dyn Error>> {
    let opening = ask(io, Method::GET, "", "").await?;
    let opening: serde_json::Value = serde_json::from_str(opening.strip_prefix('0').ok_or("no handshake")?)?;
    let sid = opening["sid"].as_str().ok_or("no sid")?;
    ask(io, Method::POST, sid, "40").await?;
    Ok(())
}

async fn ask(io: &Server, method: Method, sid: &str, body: &'static str) -> Result<String, Box<dyn Error>> {
    let sid = if sid.is_empty() { String::new() } else { format!("&sid={sid}") };
    let uri = format!("/socket.io/?EIO=4&transport=polling{sid}");
    let request = Request::builder().method(method).uri(uri).body(Full::new(body.as_bytes()))?;
    let answer = io.service().call(request).await?;
    Ok(String::from_utf8(answer.into_body().collect().await?.to_bytes().to_vec())?)
}

/// Nanoseconds for each.
fn each(
    sockets: &[&Socket],
    act: impl Fn(&Socket) -> Result<(), Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    let begin = Instant::now();
    for socket in sockets {
        act(socket)?;
    }
    Ok(begin.elapsed().as_nanos() as f64 / sockets.len() as f64)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

const ROUNDS: usize = 51;
const BATCH: usize = 1_000;
