//! Where it was measured, and of which versions.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::processes::Line;
use crate::servers::Server;

pub(crate) fn describe(servers: &[Server]) -> Outcome<Line> {
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let cpu = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let versions: Map<String, Value> =
        servers.iter().map(|server| (server.name.to_owned(), server.version.clone().into())).collect();
    let description = json!({
        "cpu": cpu.trim_start_matches(['\t', ' ', ':']),
        "cores": info.lines().filter(|line| line.starts_with("processor")).count(),
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
        "congestion_control": fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control")?.trim(),
        "date": date(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86_400),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "rustc": said("rustc", &["--version"]),
        "node": said("node", &["--version"]),
        "go": said("go", &["version"]),
        "python": said("python3", &["--version"]),
        "load_average": fs::read_to_string("/proc/loadavg")?.split(' ').next(),
        "redis": said("redis-server", &["--version"]).filter(|_| env::var("REDIS_URL").is_ok()),
        "versions": versions,
    });
    let Value::Object(line) = description else { unreachable!("it is written as an object") };
    Ok(line)
}

/// The first line that a program prints.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

/// Days since 1970 as `2026-11-25`, by Howard Hinnant's `civil_from_days`.
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{}-{month:02}-{day:02}", year + era * 400 + next_year)
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_are_dates() {
        for (days, date) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_782, "2026-11-25")] {
            assert_eq!(super::date(days), date);
        }
    }
}
