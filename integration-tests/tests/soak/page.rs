//! The report: what was seen, to be read.

use std::fmt::{Result, Write as _};
use std::time::Duration;

use crate::LEFT;
use crate::good::Wait;
use crate::report::{Report, percent};

/// The page, without the verdict.
pub(crate) fn of(report: &Report) -> String {
    let mut page = String::new();
    let parts = [head, load, minutes, answers, broker, standing, counters];
    let written = parts.iter().try_for_each(|part| part(report, &mut page));
    written.expect("a string takes everything");
    page
}

fn head(report: &Report, page: &mut String) -> Result {
    let profile = if cfg!(debug_assertions) { "without optimisation" } else { "release build" };
    writeln!(page, "# Soak: {} s\n", report.length.as_secs())?;
    writeln!(
        page,
        "Two nodes ({profile}), each a process, on a Redis that is killed now and then; all clients, good and bad, in a third process."
    )?;
    let version = env!("CARGO_PKG_VERSION");
    writeln!(page, "`make soak` writes this page to `target/tmp/soak.md`. Version {version}.\n")?;
    let first_line = |file, head: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(head)).unwrap_or("unknown");
        line.trim_start_matches([':', ' ', '\t']).to_owned()
    };
    writeln!(page, "| machine | |\n| --- | --- |")?;
    writeln!(page, "| cpu | {} |", first_line("/proc/cpuinfo", "model name"))?;
    writeln!(page, "| cores | {} |", std::thread::available_parallelism().map_or(0, usize::from))?;
    writeln!(page, "| memory | {} |", first_line("/proc/meminfo", "MemTotal"))?;
    writeln!(page, "| kernel | {} |", first_line("/proc/sys/kernel/osrelease", ""))
}

fn load(report: &Report, page: &mut String) -> Result {
    let (nodes, clients) = report.cpu();
    writeln!(page, "\n## Load\n")?;
    writeln!(page, "Of one core the nodes together took {nodes} %, the clients {clients} %.\n")?;
    writeln!(
        page,
        "Ten good clients, six by WebSocket and four by polling, ask for an echo, an echo of bytes, a room, or to be asked, and 100 ms after \
         the answer again. On each node one says ten numbers a second, which two listeners of each node must hear in order. And:\n"
    )?;
    writeln!(page, "| bad clients | number | the nodes count |\n| --- | --- | --- |")?;
    for (kind, number) in &report.bad {
        let counted: Vec<_> =
            kind.counted().iter().map(|name| format!("`{name}` {}", report.counted(name))).collect();
        writeln!(page, "| that {} | {number} | {} |", kind.does(), counted.join(", "))?;
    }
    Ok(())
}

fn minutes(report: &Report, page: &mut String) -> Result {
    writeln!(page, "\n## As it went on\n")?;
    writeln!(
        page,
        "Resident memory is the middle of ten seconds, processors' time that since the line before, of one core. When the nodes take more \
         than they should, bad clients come slower.\n"
    )?;
    writeln!(
        page,
        "| at | node 0 | node 1 | nodes | clients | bad clients come slower by | slowest answer | bare timer late by |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    let step = (report.length / 6).min(Duration::from_secs(60)).max(Duration::from_secs(1));
    let mut since = Duration::ZERO;
    while since + step <= report.length {
        let until = since + step;
        let last = |at: Duration| report.samples.iter().rfind(|sample| sample.at <= at);
        let spent = |of: fn(&crate::report::Sample) -> Duration| {
            percent(last(until).map_or(Duration::ZERO, of) - last(since).map_or(Duration::ZERO, of), step)
        };
        let slowest = [&report.times.websocket, &report.times.polling]
            .map(|waits| report.worst_between(waits, since, until));
        writeln!(
            page,
            "| {} s | {} | {} | {} % | {} % | {} % | {} | {} |",
            until.as_secs(),
            megabytes(report.resident(0, until)),
            megabytes(report.resident(1, until)),
            spent(|sample| sample.nodes),
            spent(|sample| sample.clients),
            last(until).map_or(0, |sample| sample.slower),
            millis(slowest[0].max(slowest[1])),
            millis(report.worst_between(&report.times.late, since, until)),
        )?;
        since = until;
    }
    let mark = report.mark().as_secs();
    writeln!(page, "\n| memory | at {mark} s | at the end | without clients |\n| --- | --- | --- | --- |")?;
    for (node, (mark, end)) in report.memory().into_iter().enumerate() {
        let growth = end as f64 / mark.max(1) as f64 * 100.0 - 100.0;
        writeln!(
            page,
            "| node {node} | {} | {} ({growth:+.1} %) | {} |",
            megabytes(mark),
            megabytes(end),
            megabytes(report.resident_at_the_end[node]),
        )?;
    }
    Ok(())
}

fn answers(report: &Report, page: &mut String) -> Result {
    writeln!(page, "\n## Answers to good clients\n")?;
    writeln!(
        page,
        "| by | number | median | 99 % | 99.9 % | worst |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for (transport, waits) in [("WebSocket", &report.times.websocket), ("polling", &report.times.polling)] {
        let mut took: Vec<_> = waits.iter().map(|wait| wait.took).collect();
        took.sort_unstable();
        let at = |part: f64| {
            millis(*took.get((took.len() as f64 * part) as usize).or(took.last()).unwrap_or(&Duration::ZERO))
        };
        writeln!(
            page,
            "| {transport} | {} | {} | {} | {} | {} |",
            took.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        )?;
    }
    let worst = report.worst_answer();
    let Wait { at, took } = worst;
    writeln!(
        page,
        "\nThe worst one, {}, came at {} s; a bare timer of 10 ms on the same thread was late by {} then, and by {} at worst.",
        millis(took),
        at.as_secs(),
        millis(report.late_during(worst)),
        millis(report.worst_between(&report.times.late, Duration::ZERO, Duration::MAX)),
    )?;
    let slow = report.slow.iter().map(|(event, held)| {
        let worst = held.iter().max().copied().unwrap_or_default();
        format!("`{event}` {} times, for {worst} ms at worst", held.len())
    });
    let slow = slow.collect::<Vec<_>>().join(", ");
    let slow = if slow.is_empty() { "none".to_owned() } else { slow };
    writeln!(
        page,
        "\nHandlers that held their thread for over 100 ms, and whoever it served, as the nodes' logs name them: {slow}."
    )
}

fn broker(report: &Report, page: &mut String) -> Result {
    let heard = &report.heard;
    writeln!(page, "\n## Messages from node to node, and the broker\n")?;
    writeln!(
        page,
        "{} messages said, {} heard by four listeners: {} lost, {} out of order or twice. {} of the other node's were on their way while \
         Redis was killed, which keeps none.\n",
        heard.said,
        heard.heard,
        heard.lost.len(),
        heard.wrong.len(),
        heard.on_the_way,
    )?;
    let outages: Vec<_> = report
        .outages
        .iter()
        .map(|(from, to)| format!("{} s to {} s", from.as_secs(), to.as_secs()))
        .collect();
    writeln!(page, "Redis was away {} times: {}.", outages.len(), outages.join(", "))
}

fn standing(report: &Report, page: &mut String) -> Result {
    let Some((before, after)) = &report.standing else { return Ok(()) };
    writeln!(page, "\n## Before the first client, and behind the last\n")?;
    writeln!(page, "| | node 0 before | after | node 1 before | after |\n| --- | --- | --- | --- | --- |")?;
    let names = ["tasks", "descriptors"].into_iter().chain(LEFT);
    let figures = |(tasks, descriptors, left): &(u64, usize, [u64; 7])| {
        [*tasks, *descriptors as u64].into_iter().chain(*left).collect::<Vec<_>>()
    };
    let columns: Vec<_> =
        [&before.nodes[0], &after.nodes[0], &before.nodes[1], &after.nodes[1]].map(figures).into();
    for (row, name) in names.enumerate() {
        let cells: Vec<_> = columns.iter().map(|column| column[row].to_string()).collect();
        writeln!(page, "| {name} | {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn counters(report: &Report, page: &mut String) -> Result {
    writeln!(page, "\n## Counters at the end\n\nThose that are not zero.\n")?;
    writeln!(page, "| | node 0 | node 1 |\n| --- | --- | --- |")?;
    for (name, value) in report.figures[0].sorted() {
        let other = report.figures[1].of(name);
        if value + other > 0 {
            writeln!(page, "| {name} | {value} | {other} |")?;
        }
    }
    Ok(())
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
