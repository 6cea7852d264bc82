//! A broker in memory that does one thing wrong.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use socketio_core::adapter::broker::{Broker, Channel, Feed, Frame, PublishError};
use socketio_core::adapter::memory::{MemoryBroker, MemoryError, MemoryFeed, MemoryHub};

macro_rules! flaws {
    ($($flaw:ident)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Flaw { $($flaw),* }

        impl FromStr for Flaw {
            type Err = FlawedError;

            fn from_str(name: &str) -> Result<Self, FlawedError> {
                let flaws = [$((Flaw::$flaw, stringify!($flaw))),*];
                let found = flaws.into_iter().find(|(_, flaw)| *flaw == name);
                found.map(|(flaw, _)| flaw).ok_or(FlawedError::NoSuchFlaw)
            }
        }
    };
}

flaws! {
    None
    // publishing
    Swaps HoldsBack Doubles LosesOne LosesTheTail OneChannelABatch FailsOnNothing
    WantsText SkipsEmpty EndsAtNul CutsAt64K LargeOnesLast
    NoLimit LimitIsOneTooHigh DiesOfTheLimit CountsTheRefused
    PublishesIntoTheVoid CountsWhatIsLost
    // listening
    SubscribesLate StartsEarly DeafToItself TakesTurns HearsPrefixes HearsOneChannel NamesTheFirst
    CountsNobody CountsThree CountsAllChannels CountNeverFalls
    GoodbyeCutsAll KeepsAfterGoodbye FeedOutlivesTheLink
    // going on
    NoCursor NoEarlyCursor GivesACursor IgnoresCursor CursorIsBehind CursorIsAhead
    Repeats LosesOneOfAQueue
    // connecting
    ConnectsToNobody ConnectsSlowly TellsThePassword ShowsThePassword
}

/// The hub that a URL leads to.
pub(crate) const AWAY: &str = "fails-away";

#[derive(Debug)]
pub(crate) struct Flawed<const KEEPS: bool> {
    flaw: Flaw,
    node: String,
    hub: MemoryHub,
    inner: MemoryBroker<KEEPS>,
    held_back: Mutex<Option<Frame>>,
    dead: AtomicBool,
    said: Arc<Mutex<Vec<Frame>>>,
    counts: Mutex<HashMap<String, usize>>,
}

impl<const KEEPS: bool> Broker for Flawed<KEEPS> {
    type Options = FlawedOptions;
    type Error = FlawedError;
    type Feed = FlawedFeed<KEEPS>;

    const KEEPS: bool = KEEPS;

    async fn connect(options: &FlawedOptions, node: &str) -> Result<Self, FlawedError> {
        let hub = match options.flaw {
            Flaw::ConnectsToNobody => MemoryHub::named("fails-nobody"),
            Flaw::TellsThePassword => return Err(FlawedError::Password(options.password.clone())),
            Flaw::ConnectsSlowly => {
                tokio::time::sleep(Duration::from_secs(16)).await;
                options.hub.clone()
            }
            _ => options.hub.clone(),
        };
        let limit = match options.flaw {
            Flaw::NoLimit => usize::MAX,
            Flaw::LimitIsOneTooHigh => LIMIT - 1,
            _ => LIMIT,
        };
        Ok(Flawed {
            flaw: options.flaw,
            node: node.to_owned(),
            inner: MemoryBroker::connect(&hub.options().frame_limit(limit), node).await?,
            hub,
            held_back: Mutex::default(),
            dead: AtomicBool::new(false),
            said: Arc::default(),
            counts: Mutex::default(),
        })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<FlawedError>> {
        if self.dead.load(Relaxed) || (self.flaw == Flaw::FailsOnNothing && frames.is_empty()) {
            let source = MemoryError::Cut.into();
            return Err(PublishError { sent: 0, source });
        }
        let frames = self.mangled(frames.to_vec());
        self.said.lock().unwrap().extend_from_slice(&frames);
        let published = self.inner.publish(&frames).await;
        let Err(PublishError { mut sent, source }) = published else {
            return Ok(());
        };
        match self.flaw {
            Flaw::DiesOfTheLimit => self.dead.store(true, Relaxed),
            Flaw::CountsTheRefused => sent += 1,
            Flaw::CountsWhatIsLost => sent = frames.len(),
            Flaw::PublishesIntoTheVoid => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                return Ok(());
            }
            _ => {}
        }
        let source = source.into();
        Err(PublishError { sent, source })
    }

    async fn subscribe(
        &self,
        channels: &[Channel],
        from: Option<&Cursor>,
    ) -> Result<FlawedFeed<KEEPS>, FlawedError> {
        let mut channels = channels.to_vec();
        let mut from = from.map(|cursor| cursor.place);
        match self.flaw {
            Flaw::HearsOneChannel => channels.truncate(1),
            Flaw::HearsPrefixes => {
                let name = channels[0].name();
                let longer = ["1", "10"].map(|end| Channel::Exact(format!("{name}-{end}").into()));
                channels.extend(longer);
            }
            Flaw::StartsEarly => from = from.or(Some(0)),
            Flaw::IgnoresCursor => from = None,
            Flaw::KeepsAfterGoodbye => from = from.or(KEPT.lock().unwrap().get(&self.node).copied()),
            _ => {}
        }
        let inner = self.inner.subscribe(&channels, from.as_ref()).await?;
        if let Some(cursor) = inner.cursor() {
            KEPT.lock().unwrap().insert(self.node.clone(), cursor);
        }
        Ok(FlawedFeed {
            flaw: self.flaw,
            number: FEEDS.fetch_add(1, Relaxed),
            said: self.said.clone(),
            channels,
            before: inner.cursor(),
            heard: 0,
            inner,
        })
    }

    async fn subscriber_count(&self, channel: &str) -> Result<Option<usize>, FlawedError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let count = self.inner.subscriber_count(channel).await?.unwrap();
        let most_of = |name: &str| {
            let mut counts = self.counts.lock().unwrap();
            let most = counts.entry(name.to_owned()).or_default();
            *most = count.max(*most);
            *most
        };
        Ok(Some(match self.flaw {
            Flaw::CountsNobody => 0,
            Flaw::CountsThree if count > 0 => 3,
            Flaw::CountsAllChannels => most_of(""),
            Flaw::CountNeverFalls => most_of(channel),
            _ => count,
        }))
    }

    fn frame_limit(_options: &FlawedOptions) -> usize {
        LIMIT
    }

    async fn close(&self) {
        if self.flaw == Flaw::GoodbyeCutsAll {
            self.hub.cut();
        }
    }
}

impl<const KEEPS: bool> Flawed<KEEPS> {
    fn mangled(&self, mut frames: Vec<Frame>) -> Vec<Frame> {
        match self.flaw {
            Flaw::Swaps if frames.len() > 1 => frames.swap(0, 1),
            Flaw::HoldsBack if frames.len() > 1 => {
                let first = frames.remove(0);
                frames.extend(self.held_back.lock().unwrap().replace(first));
            }
            Flaw::Doubles => frames.extend(frames.first().cloned()),
            Flaw::LosesOne => frames.retain(|frame| !frame.payload.ends_with(b"77")),
            Flaw::LosesTheTail => frames.truncate(512),
            Flaw::OneChannelABatch if !frames.is_empty() => {
                let channel = frames[0].channel.clone();
                frames.iter_mut().for_each(|frame| frame.channel = channel.clone());
            }
            Flaw::SkipsEmpty => frames.retain(|frame| !frame.payload.is_empty()),
            Flaw::LargeOnesLast => frames.sort_by_key(|frame| frame.payload.len() > 64_000),
            _ => {}
        }
        for Frame { payload, .. } in &mut frames {
            match self.flaw {
                Flaw::WantsText => *payload = String::from_utf8_lossy(payload).into_owned().into(),
                Flaw::EndsAtNul => {
                    payload.truncate(payload.iter().position(|&byte| byte == 0).unwrap_or(payload.len()))
                }
                Flaw::CutsAt64K => payload.truncate(65_536),
                _ => {}
            }
        }
        frames
    }
}

#[derive(Debug)]
pub(crate) struct FlawedFeed<const KEEPS: bool> {
    flaw: Flaw,
    number: u64,
    said: Arc<Mutex<Vec<Frame>>>,
    channels: Vec<Channel>,
    /// Where it was before the last frame.
    before: Option<u64>,
    heard: u64,
    inner: MemoryFeed<KEEPS>,
}

impl<const KEEPS: bool> Stream for FlawedFeed<KEEPS> {
    type Item = Result<Frame, FlawedError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let before = self.inner.cursor();
            let next = ready!(Pin::new(&mut self.inner).poll_next(cx));
            let Some(Ok(mut frame)) = next else {
                return match self.flaw {
                    Flaw::FeedOutlivesTheLink => Poll::Pending,
                    _ => Poll::Ready(next.map(|next| next.map_err(Into::into))),
                };
            };
            self.before = before;
            self.heard += 1;
            let missed = match self.flaw {
                Flaw::SubscribesLate => self.heard == 1,
                Flaw::DeafToItself => self.said.lock().unwrap().contains(&frame),
                Flaw::TakesTurns => (self.heard + self.number).is_multiple_of(2) && frame.payload.len() < 4,
                _ => false,
            };
            if self.flaw == Flaw::NamesTheFirst {
                frame.channel = self.channels[0].name().into();
            }
            if !missed {
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }
}

impl<const KEEPS: bool> Feed for FlawedFeed<KEEPS> {
    type Error = FlawedError;
    type Cursor = Cursor;

    fn cursor(&self) -> Option<Cursor> {
        let place = self.inner.cursor();
        let place = match self.flaw {
            Flaw::NoCursor => None,
            Flaw::NoEarlyCursor if self.heard == 0 => None,
            Flaw::GivesACursor => Some(0),
            Flaw::CursorIsBehind => self.before,
            Flaw::Repeats => place.map(|place| place - self.heard.min(5)),
            Flaw::CursorIsAhead | Flaw::LosesOneOfAQueue => place.map(|place| place + 1),
            _ => place,
        }?;
        let moves = !matches!(self.flaw, Flaw::Repeats | Flaw::LosesOneOfAQueue);
        Some(Cursor { place, moves })
    }
}

/// Where to go on, or the name of a queue that knows.
#[derive(Clone)]
pub(crate) struct Cursor {
    place: u64,
    moves: bool,
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.moves {
            true => self.place.fmt(f),
            false => f.write_str("queue"),
        }
    }
}

#[derive(Clone)]
pub(crate) struct FlawedOptions {
    flaw: Flaw,
    hub: MemoryHub,
    password: String,
}

impl FlawedOptions {
    pub(crate) fn new(hub: &str, flaw: Flaw) -> Self {
        FlawedOptions { flaw, hub: MemoryHub::named(hub), password: String::new() }
    }

    pub(crate) fn hub(&self) -> &MemoryHub {
        &self.hub
    }
}

/// `Flaw:password`.
impl FromStr for FlawedOptions {
    type Err = FlawedError;

    fn from_str(url: &str) -> Result<Self, FlawedError> {
        let (flaw, password) = url.split_once(':').ok_or(FlawedError::NoSuchFlaw)?;
        Ok(FlawedOptions { password: password.to_owned(), ..FlawedOptions::new(AWAY, flaw.parse()?) })
    }
}

impl fmt::Debug for FlawedOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flaw {
            Flaw::ShowsThePassword => f.write_str(&self.password),
            flaw => flaw.fmt(f),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum FlawedError {
    #[error("no such flaw")]
    NoSuchFlaw,
    #[error("the password {0} is wrong")]
    Password(String),
    #[error("memory failed")]
    Memory(#[from] MemoryError),
}

const LIMIT: usize = 100_000;

/// Where nodes listened first.
static KEPT: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

static FEEDS: AtomicU64 = AtomicU64::new(0);
