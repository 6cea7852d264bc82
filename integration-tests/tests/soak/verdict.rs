//! What must hold at the end.
//!
//! - Memory is within a tenth of what it was at the mark.
//! - Tasks, descriptors, sessions, rooms, acks, bytes: as before the first client.
//! - Good clients: nothing lost, nothing out of order; what Redis had on its way when it was killed is told apart, and little.
//! - The load was there, of every kind, and took half a core at most.
//! - The worst answer to a good client is told, and judged where `ECHO_MS` says so, as `make soak` does with 250: a test of every day
//!   judges no speed. By how much a bare timer was late meanwhile is told beside it, so that it can be seen who was slow; it excuses nobody.

use std::path::PathBuf;
use std::time::Duration;

use integration_tests::process::publish;

use crate::bad::Kind;
use crate::pace::BUDGET;
use crate::page;
use crate::report::Report;
use crate::setting;

/// Prints and writes the report.
///
/// # Panics
///
/// Something does not hold.
pub(crate) fn of(report: &Report) {
    let sentences = sentences(report);
    let mut page = page::of(report);
    page += "\n## What must hold\n\n";
    for (holds, sentence) in &sentences {
        page += &format!("- {} {sentence}\n", if *holds { "holds:" } else { "DOES NOT HOLD:" });
    }
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("soak.md");
    std::fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    std::fs::write(&file, &page).expect("the report is written");
    publish(&format!("{page}\nwritten to {}", file.display()));
    let broken: Vec<_> = sentences.iter().filter(|(holds, _)| !holds).map(|(_, sentence)| sentence).collect();
    assert!(broken.is_empty(), "it does not hold that: {broken:#?}");
}

fn sentences(report: &Report) -> Vec<(bool, String)> {
    let mut all = Vec::new();
    for (node, (mark, end)) in report.memory().into_iter().enumerate() {
        let sentence =
            format!("memory of node {node} is within 10 % of what it was at {} s", report.mark().as_secs());
        all.push((end * 10 <= mark * 11, sentence));
    }
    let (before, after) = report.standing.as_ref().expect("it was looked at");
    for (node, (before, after)) in before.nodes.iter().zip(&after.nodes).enumerate() {
        let same = after.0 <= before.0 && after.1 <= before.1 && after.2 == before.2;
        let sentence = format!(
            "node {node} has no more tasks and descriptors than before the first client, and nothing of any"
        );
        all.push((same, sentence));
    }

    let heard = &report.heard;
    all.push((
        heard.said > 0 && heard.lost.is_empty(),
        format!("no message is lost: {:?}", some(&heard.lost)),
    ));
    all.push((heard.wrong.is_empty(), format!("no message comes twice or late: {:?}", some(&heard.wrong))));
    // To two listeners each way.
    let may_be_on_the_way = report.outages.len() * ON_THE_WAY * 2;
    let sentence =
        format!("of messages between nodes {} were on their way when Redis was killed", heard.on_the_way);
    all.push((heard.on_the_way <= may_be_on_the_way, sentence));
    for (name, figure) in
        ["frames_dropped", "frames_refused", "queued_frames", "open_requests", "buffered_full"]
            .map(|name| (name, report.counted(name)))
    {
        all.push((figure == 0, format!("{name} is zero: {figure}")));
    }
    all.push((report.counted("members") == 2, "the nodes know each other".into()));

    all.push((!report.outages.is_empty(), format!("Redis was killed {} times", report.outages.len())));
    for name in Kind::ALL.iter().flat_map(|kind| kind.counted()) {
        let figure = report.counted(name);
        all.push((figure > 0, format!("{name} was reached: {figure}")));
    }
    let (nodes, _) = report.cpu();
    all.push((nodes <= BUDGET, format!("the nodes took {nodes} % of a core, {BUDGET} % at most")));
    let worst = report.worst_answer();
    let (took, late) = (worst.took, report.late_during(worst));
    let limit = setting("ECHO_MS").map(Duration::from_millis);
    let bound = limit.map_or("not judged here".to_owned(), |limit| format!("{limit:?} at most"));
    let sentence = format!(
        "the worst answer to a good client took {took:.1?} ({bound}); a bare timer beside it was late by {late:.1?}"
    );
    all.push((limit.is_none_or(|limit| took <= limit), sentence));
    all
}

/// Messages that Redis may have had on their way when it was killed: twenty a second are said.
const ON_THE_WAY: usize = 10;

fn some(of: &[String]) -> &[String] {
    &of[..of.len().min(5)]
}
