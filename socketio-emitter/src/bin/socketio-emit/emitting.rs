//! What is done with a command line, and what came of it.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read};
use std::thread::sleep;
use std::time::{Duration, Instant};

use socketio_core::adapter::broker::Broker;
use socketio_emitter::blocking::{Broadcast, Emitter};
use socketio_emitter::{Listeners, PublisherError};

use crate::args::Args;
use crate::arguments::Arguments;
use crate::failure::Failure;

/// Bytes that lines may gather before the broker has to catch up.
const AHEAD: usize = 4 << 20;

/// How long an emit may wait at least.
const QUEUE_AGE: Duration = Duration::from_secs(60);

/// What came of it, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) channel: String,
    /// `None` when it was not asked for.
    pub(crate) listeners: Option<Listeners>,
    /// `None` when there was nothing to emit.
    pub(crate) published: Option<u64>,
}

/// Checks and emits over a broker of this kind.
pub(crate) fn through<B: Broker>(args: &Args, input: &mut BufReader<impl Read>) -> Result<Report, Failure> {
    let emitter = Emitter::<B>::new(&args.url).map_err(|error| Failure::Url(error.into()))?;
    // What is waited for is not given up before.
    let emitter = emitter.channel(&args.channel).max_queue_age(args.timeout.max(QUEUE_AGE));
    run(&emitter, args, input)
}

pub(crate) fn run<B: Broker>(
    emitter: &Emitter<B>,
    args: &Args,
    input: &mut BufReader<impl Read>,
) -> Result<Report, Failure> {
    // What makes no sense is told before anything is done.
    let mut arguments = Arguments::of(&args.arguments, args.text)?;
    if !args.lines {
        push_files(&mut arguments, args)?;
    }
    let mut report = Report { channel: args.channel.clone(), listeners: None, published: None };
    if args.check {
        let listeners = listeners(emitter, args.timeout)?;
        if listeners.are_none() {
            return Err(Failure::NobodyListens { channel: args.channel.clone() });
        }
        report.listeners = Some(listeners);
    }
    let Some(event) = &args.event else { return Ok(report) };
    let recipients = recipients(emitter, args);
    if args.lines {
        return emit_lines(emitter, &recipients, event, &arguments, args, input, report);
    }
    recipients.emit(event, &arguments).map_err(Failure::Emit)?;
    report.published = Some(published(emitter, 1, args)?);
    Ok(report)
}

/// Asks until there is a link to the broker, or for so long.
fn listeners<B: Broker>(emitter: &Emitter<B>, patience: Duration) -> Result<Listeners, Failure> {
    let begun = Instant::now();
    loop {
        match emitter.check() {
            Err(PublisherError::NoLink(_)) if begun.elapsed() < patience => sleep(Duration::from_millis(100)),
            told => return told.map_err(Failure::Check),
        }
    }
}

fn recipients<B: Broker>(emitter: &Emitter<B>, args: &Args) -> Broadcast<B> {
    let mut recipients = emitter.of(&args.namespace).except(&args.except);
    if !args.to.is_empty() {
        recipients = recipients.to(&args.to);
    }
    recipients
}

fn push_files(arguments: &mut Arguments, args: &Args) -> Result<(), Failure> {
    args.files.iter().try_for_each(|path| arguments.push_file(path))
}

fn emit_lines<B: Broker>(
    emitter: &Emitter<B>,
    recipients: &Broadcast<B>,
    event: &str,
    first: &Arguments,
    args: &Args,
    input: &mut BufReader<impl Read>,
    report: Report,
) -> Result<Report, Failure> {
    let mut files = Arguments::default();
    push_files(&mut files, args)?;
    let mut emitted = 0;
    let mut line = String::new();
    let mut emit_next = || {
        line.clear();
        if input.read_line(&mut line).map_err(Failure::Input)? == 0 {
            return Ok(false);
        }
        let text = line.strip_suffix('\n').map_or(&*line, |text| text.strip_suffix('\r').unwrap_or(text));
        let mut arguments = first.with_line(emitted as usize + 1, text, args.text)?;
        arguments.0.extend(files.0.iter().cloned());
        recipients.emit(event, &arguments).map_err(Failure::Emit)?;
        emitted += 1;
        // The next line may take for ever, and must not keep these.
        if input.buffer().is_empty() || emitter.health().queued_bytes > AHEAD {
            published(emitter, emitted, args)?;
        }
        Ok(true)
    };
    let stopped = loop {
        match emit_next() {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    if let Err(failure @ (Failure::NotPublished { .. } | Failure::Dropped { .. })) = stopped {
        return Err(failure);
    }
    let report = Report { published: Some(published(emitter, emitted, args)?), ..report };
    match stopped {
        Ok(()) => Ok(report),
        Err(failure) => Err(Failure::Line { before: report, failure: Box::new(failure) }),
    }
}

/// Waits until the broker has all that was emitted.
fn published<B: Broker>(emitter: &Emitter<B>, emitted: u64, args: &Args) -> Result<u64, Failure> {
    let totals = emitter.flush(args.timeout).map_err(|source| Failure::NotPublished { emitted, source })?;
    match totals.dropped {
        0 => Ok(emitted),
        dropped => Err(Failure::Dropped { emitted, dropped }),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = &self.channel;
        match self.listeners {
            Some(Listeners::Count(1)) => write!(f, "1 listens on {channel}")?,
            Some(Listeners::Count(count)) => write!(f, "{count} listen on {channel}")?,
            Some(Listeners::Somebody) => write!(f, "somebody listens on {channel}")?,
            Some(Listeners::Nobody) => write!(f, "nobody listens on {channel}")?,
            Some(Listeners::Unknown) => write!(f, "the broker does not know who listens on {channel}")?,
            None => {}
        }
        if self.listeners.is_some() && self.published.is_some() {
            f.write_str("; ")?;
        }
        self.published.map_or(Ok(()), |published| write!(f, "published {published} on {channel}"))
    }
}

#[cfg(test)]
mod tests;
