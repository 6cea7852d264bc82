//! Opening the file that a request wants: a regular file, never outside of its folder, and without waiting for anything but the disk.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::rules::Wanted;

/// A file that is there.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) metadata: Metadata,
    /// It is the default of the folder that was asked for.
    pub(super) is_default: bool,
}

/// Blocks on the disk. `None` where there is no such file.
///
/// # Errors
///
/// It is there, but cannot be opened: want of permission, or of descriptors, or a fault of the disk.
pub(super) fn open(wanted: &Wanted) -> io::Result<Option<Opened>> {
    let opened = if !wanted.below.as_os_str().is_empty() && wanted.default.is_none() {
        open_below(&wanted.place, &wanted.below).map(|file| (file, false))
    } else if wanted.below.as_os_str().is_empty() {
        open_place(wanted)
    } else {
        let default = wanted.default.as_deref().unwrap_or(Path::new(""));
        open_below(&wanted.place, &wanted.below.join(default)).map(|file| (file, true))
    };
    let (file, is_default) = match opened {
        Ok(opened) => opened,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some(Opened { file, metadata, is_default }))
}

/// What a rule names itself: its file, or the default in its folder.
fn open_place(wanted: &Wanted) -> io::Result<(File, bool)> {
    let named = wanted.default.as_deref().filter(|_| wanted.place.is_dir());
    match named {
        Some(default) => Ok((open_below(&wanted.place, default)?, true)),
        None => Ok((not_waiting(std::fs::OpenOptions::new()).open(&wanted.place)?, false)),
    }
}

/// Links are followed as long as they stay in the folder.
fn open_below(folder: &Path, name: &Path) -> io::Result<File> {
    let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
    let file = folder.open_with(name, &beneath_not_waiting(OpenOptions::new()))?;
    Ok(file.into_std())
}

/// The name is nobody's: there is no such file, or none that may be asked for from outside.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied};
    match error.kind() {
        NotFound | NotADirectory | InvalidFilename | InvalidInput => true,
        // A link that leads out of its folder: cap-std says so, not the system.
        PermissionDenied => error.raw_os_error().is_none(),
        _ => is_loop(error),
    }
}

// Opening a pipe would wait for somebody who writes.
#[cfg(unix)]
fn not_waiting(mut options: std::fs::OpenOptions) -> std::fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.read(true).custom_flags(NONBLOCK);
    options
}

#[cfg(unix)]
fn beneath_not_waiting(mut options: OpenOptions) -> OpenOptions {
    use cap_std::fs::OpenOptionsExt as _;
    options.read(true).custom_flags(NONBLOCK);
    options
}

/// Links that go round in circles.
#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(unix)]
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;

#[cfg(not(unix))]
fn not_waiting(mut options: std::fs::OpenOptions) -> std::fs::OpenOptions {
    options.read(true);
    options
}

#[cfg(not(unix))]
fn beneath_not_waiting(mut options: OpenOptions) -> OpenOptions {
    options.read(true);
    options
}

#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}
