//! A hub: the log that its connections share, and the switches with which a test holds them up.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use super::{MemoryError, MemoryOptions};
use crate::adapter::broker::{Channel, Frame, PublishError};

/// A hub in the hands of a test: its lines can be cut, refused, held up.
///
/// A fresh handle holds the switches of the whole hub, [`line`](Self::line) gives those of one line. Either is enough to hold a link up.
#[derive(Clone, Debug)]
pub struct MemoryHub {
    pub(super) hub: Arc<Hub>,
    line: Option<Arc<str>>,
}

impl MemoryHub {
    /// The hub of this name; made if there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut hubs = HUBS.lock().unwrap_or_else(PoisonError::into_inner);
        let found = hubs.get(name).and_then(Weak::upgrade);
        let hub = found.unwrap_or_else(|| {
            let hub = Arc::new(Hub::new(name));
            hubs.retain(|_, hub| hub.strong_count() > 0);
            hubs.insert(name.to_owned(), Arc::downgrade(&hub));
            hub
        });
        MemoryHub { hub, line: None }
    }

    /// The switches of one line.
    #[must_use]
    pub fn line(&self, line: &str) -> Self {
        MemoryHub { hub: self.hub.clone(), line: Some(line.into()) }
    }

    /// To connect over this line.
    #[must_use]
    pub fn options(&self) -> MemoryOptions {
        MemoryOptions {
            hub: self.hub.clone(),
            line: self.line.clone().unwrap_or_default(),
            frame_limit: usize::MAX,
        }
    }

    /// Ends every connection there is: feeds and publishers get [`MemoryError::Cut`]. New ones are let in.
    pub fn cut(&self) {
        self.set(|faults| faults.cuts += 1);
    }

    /// Cuts the link behind the `frames`-th frame from now, at least one. The publisher hears of at most `told` frames of that batch:
    /// the confirmation of the others was lost, though they are there.
    pub fn cut_after(&self, frames: usize, told: usize) {
        self.set(|faults| faults.cut_after = Some((frames, told)));
    }

    /// Whether new connections fail.
    pub fn refuse(&self, refuses: bool) {
        self.set(|faults| faults.refuses = refuses);
    }

    /// Whether connecting, publishing and subscribing wait, and do not come back.
    pub fn hang(&self, hangs: bool) {
        self.set(|faults| faults.hangs = hangs);
    }

    /// Whether publishing waits, as with [`hang`](Self::hang), and publishers are told that it does: see
    /// [`Broker::blocked`](crate::adapter::broker::Broker::blocked).
    pub fn block(&self, blocks: bool) {
        self.set(|faults| faults.blocks = blocks);
    }

    /// Whether feeds hear nothing; they hear it afterwards.
    pub fn pause(&self, pauses: bool) {
        self.set(|faults| faults.pauses = pauses);
    }

    /// Bytes of frames that the hub holds, and the newest frame whatever its size. Default: 16 MiB.
    pub fn hold(&self, bytes: usize) {
        self.hub.lock().capacity = bytes;
    }

    fn set(&self, switch: impl FnOnce(&mut Faults)) {
        let mut log = self.hub.lock();
        switch(match &self.line {
            None => &mut log.everywhere,
            Some(line) => log.lines.entry(line.clone()).or_default(),
        });
        drop(log);
        self.hub.wake();
    }
}

/// One connection: over when its line was cut once more.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) hub: Arc<Hub>,
    pub(super) line: Arc<str>,
    cuts: u64,
}

impl Link {
    pub(super) fn over(hub: &Arc<Hub>, line: &Arc<str>) -> Self {
        Link { hub: hub.clone(), line: line.clone(), cuts: hub.lock().faults(line).cuts }
    }

    pub(super) fn is_up(&self, log: &Log) -> bool {
        log.faults(&self.line).cuts == self.cuts
    }

    /// The log, once the line does not hang.
    pub(super) async fn open(&self) -> Result<MutexGuard<'_, Log>, MemoryError> {
        self.open_unless(|faults| faults.hangs).await
    }

    /// The log, once publishers may write to it.
    pub(super) async fn open_to_publish(&self) -> Result<MutexGuard<'_, Log>, MemoryError> {
        self.open_unless(|faults| faults.hangs || faults.blocks).await
    }

    async fn open_unless(&self, waits: impl Fn(&Faults) -> bool) -> Result<MutexGuard<'_, Log>, MemoryError> {
        poll_fn(|cx| {
            let mut log = self.hub.lock();
            if !self.is_up(&log) {
                Poll::Ready(Err(MemoryError::Cut))
            } else if waits(&log.faults(&self.line)) {
                log.wait(cx)
            } else {
                Poll::Ready(Ok(log))
            }
        })
        .await
    }
}

/// A feed, as the hub counts it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) link: Link,
    channels: Vec<Channel>,
}

impl Listener {
    pub(super) fn hears(&self, channel: &str) -> bool {
        self.channels.iter().any(|heard| heard.name() == channel)
    }
}

pub(super) struct Hub {
    pub(super) name: String,
    log: Mutex<Log>,
}

impl Hub {
    fn new(name: &str) -> Self {
        Hub { name: name.to_owned(), log: Mutex::new(Log { capacity: CAPACITY, ..Log::default() }) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everyone who waits look again.
    pub(super) fn wake(&self) {
        let waiting = mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hub").field(&self.name).finish()
    }
}

/// The newest frames of all channels, and who waits for the next.
#[derive(Default)]
pub(super) struct Log {
    frames: VecDeque<Frame>,
    /// Frames that were let go of: the index of the oldest that is held.
    first: u64,
    bytes: usize,
    capacity: usize,
    listeners: Vec<Weak<Listener>>,
    waiting: Vec<Waker>,
    everywhere: Faults,
    lines: HashMap<Arc<str>, Faults>,
}

impl Log {
    /// Takes `frames` in order, unless one is too large or the link is due to be cut.
    pub(super) fn publish(
        &mut self,
        frames: &[Frame],
        line: &str,
        limit: usize,
    ) -> Result<(), PublishError<MemoryError>> {
        for (sent, frame) in frames.iter().enumerate() {
            let length = frame.payload.len();
            if length > limit {
                let source = MemoryError::TooLarge { length, limit };
                return Err(PublishError { sent, source });
            }
            self.push(frame.clone());
            let line = self.lines.get_mut(line);
            if let Some(told) = self.everywhere.passed().or_else(|| line?.passed()) {
                let sent = told.min(sent + 1);
                return Err(PublishError { sent, source: MemoryError::Cut });
            }
        }
        Ok(())
    }

    fn push(&mut self, frame: Frame) {
        self.bytes += size(&frame);
        self.frames.push_back(frame);
        while self.bytes > self.capacity && self.frames.len() > 1 {
            self.bytes -= self.frames.pop_front().as_ref().map_or(0, size);
            self.first += 1;
        }
    }

    /// The frame of this index, if there is one by now.
    pub(super) fn get(&self, index: u64) -> Option<&Frame> {
        self.frames.get(usize::try_from(index.checked_sub(self.first)?).ok()?)
    }

    /// Index of the oldest frame that is held.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Index of the frame that comes next.
    pub(super) fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    pub(super) fn listen(&mut self, link: &Link, channels: &[Channel]) -> Arc<Listener> {
        let listener = Arc::new(Listener { link: link.clone(), channels: channels.to_vec() });
        self.listeners.retain(|listener| listener.strong_count() > 0);
        self.listeners.push(Arc::downgrade(&listener));
        listener
    }

    /// How many feeds hear `channel`.
    pub(super) fn listeners(&self, channel: &str) -> usize {
        let listeners = self.listeners.iter().filter_map(Weak::upgrade);
        listeners.filter(|listener| listener.link.is_up(self) && listener.hears(channel)).count()
    }

    /// What holds `line` up.
    pub(super) fn faults(&self, line: &str) -> Faults {
        let line = self.lines.get(line).copied().unwrap_or_default();
        Faults {
            cuts: self.everywhere.cuts + line.cuts,
            cut_after: None,
            refuses: self.everywhere.refuses || line.refuses,
            hangs: self.everywhere.hangs || line.hangs,
            blocks: self.everywhere.blocks || line.blocks,
            pauses: self.everywhere.pauses || line.pauses,
        }
    }

    pub(super) fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// How far the switches of a hub, or of a line, are turned.
#[derive(Clone, Copy, Default)]
pub(super) struct Faults {
    /// How often it was cut.
    pub(super) cuts: u64,
    /// Frames until it is cut, and of how many the publisher hears.
    cut_after: Option<(usize, usize)>,
    pub(super) refuses: bool,
    pub(super) hangs: bool,
    pub(super) blocks: bool,
    pub(super) pauses: bool,
}

impl Faults {
    /// Counts a frame that passed; if it was the last one, cuts the link and says how many the publisher hears of.
    fn passed(&mut self) -> Option<usize> {
        let (frames, told) = self.cut_after.as_mut()?;
        let told = *told;
        *frames = frames.saturating_sub(1);
        if *frames > 0 {
            return None;
        }
        self.cut_after = None;
        self.cuts += 1;
        Some(told)
    }
}

fn size(frame: &Frame) -> usize {
    size_of::<Frame>() + frame.channel.len() + frame.payload.len()
}

const CAPACITY: usize = 16 << 20;

static HUBS: Mutex<BTreeMap<String, Weak<Hub>>> = Mutex::new(BTreeMap::new());
