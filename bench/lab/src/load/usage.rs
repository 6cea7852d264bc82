//! CPU time and memory of a server: of its process and all that this started, as `/proc` has it.

use std::collections::HashMap;
use std::ops::Sub;

use procfs::WithCurrentSystemInfo as _;
use procfs::process::{Process, all_processes};

use crate::Outcome;

/// Seconds of CPU time, in steps of 10 ms on most systems.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cpu {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl Cpu {
    pub(crate) fn of(root: i32) -> Outcome<Self> {
        let mut cpu = Cpu::default();
        for process in tree(root)? {
            let Ok(stat) = process.stat() else { continue };
            cpu.user += stat.utime as f64 / procfs::ticks_per_second() as f64;
            cpu.system += stat.stime as f64 / procfs::ticks_per_second() as f64;
        }
        Ok(cpu)
    }

    /// This process's own.
    pub(crate) fn own() -> Outcome<Self> {
        Self::of(i32::try_from(std::process::id())?)
    }

    pub(crate) fn micros(self) -> f64 {
        (self.user + self.system) * 1e6
    }
}

impl Sub for Cpu {
    type Output = Cpu;

    fn sub(self, before: Cpu) -> Cpu {
        Cpu { user: self.user - before.user, system: self.system - before.system }
    }
}

/// Resident memory in kB.
pub(crate) fn resident_kb(root: i32) -> Outcome<f64> {
    let mut bytes = 0;
    for process in tree(root)? {
        if let Ok(stat) = process.stat() {
            bytes += stat.rss_bytes().get();
        }
    }
    Ok(bytes as f64 / 1024.0)
}

/// `root` and whatever descends from it.
fn tree(root: i32) -> Outcome<Vec<Process>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in all_processes()? {
        if let Ok(stat) = process.and_then(|process| process.stat()) {
            children.entry(stat.ppid).or_default().push(stat.pid);
        }
    }
    let mut pids = vec![root];
    let mut at = 0;
    while let Some(pid) = pids.get(at) {
        pids.extend(children.remove(pid).unwrap_or_default());
        at += 1;
    }
    Ok(pids.into_iter().filter_map(|pid| Process::new(pid).ok()).collect())
}
