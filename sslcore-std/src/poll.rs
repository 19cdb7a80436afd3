//! Sleeping until a stream is ready.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// What a transport can do for us next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Interest {
    /// What to ask poll(2) for. Nothing at all must not be asked for: it would return at once, and
    /// for ever, when the peer has hung up.
    pub(crate) fn flags(self) -> Option<PollFlags> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.read);
        flags.set(PollFlags::OUT, self.write);
        (!flags.is_empty()).then_some(flags)
    }
}

/// Sleeps until one of `streams` is ready for what interests us, `alarm` can be read, or `time`
/// is up. A signal may end it early.
pub(crate) fn park<'a>(
    streams: &'a [Arc<TcpStream>],
    interest: Interest,
    alarm: Option<PollFd<'a>>,
    time: Option<Duration>,
) -> io::Result<()> {
    let mut ready: Vec<_> = alarm.into_iter().collect();
    if let Some(flags) = interest.flags() {
        ready.extend(streams.iter().map(|stream| PollFd::new(stream, flags)));
    }
    if ready.is_empty() {
        std::thread::sleep(time.unwrap_or(Duration::ZERO));
        return Ok(());
    }
    // A time that no clock can hold is as good as none.
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    match poll(&mut ready, time.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
