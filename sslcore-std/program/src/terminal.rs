//! The terminal that the program was started from, whatever became of its streams.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use zeroize::Zeroizing;

use crate::line;

/// The longest answer, in bytes.
const ANSWER: usize = 4096;

/// A person at a terminal.
pub(crate) struct Terminal(File);

impl Terminal {
    pub(crate) fn open() -> io::Result<Self> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map(Self)
    }

    /// Shows something.
    pub(crate) fn show(&self, text: &str) -> io::Result<()> {
        (&self.0).write_all(text.as_bytes())
    }

    /// The line that answers a question. What was typed before is no answer to it.
    pub(crate) fn ask(&self, question: &str) -> io::Result<String> {
        #[cfg(unix)]
        rustix::termios::tcflush(&self.0, rustix::termios::QueueSelector::IFlush)?;
        self.show(question)?;
        let answer = line::first(&self.0, ANSWER)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// The same, while the terminal does not show what is typed.
    ///
    /// # Errors
    /// `Interrupted` when Ctrl-C was the answer and the program goes on nevertheless.
    #[cfg(unix)]
    pub(crate) fn ask_secretly(&self, question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
        let mute = mute::Mute::new(&self.0)?;
        self.show(question)?;
        let answer = mute.line()?;
        drop(mute);
        self.show("\n")?;
        match answer {
            Some(answer) => Ok(answer),
            None => {
                mute::interrupt()?;
                Err(io::ErrorKind::Interrupted.into())
            }
        }
    }

    /// Nothing hides what is typed here.
    #[cfg(not(unix))]
    pub(crate) fn ask_secretly(&self, _: &str) -> io::Result<Zeroizing<Vec<u8>>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(unix)]
mod mute {
    use std::fs::File;
    use std::io::{self, ErrorKind, Read};
    use std::sync::{Mutex, MutexGuard, Once, PoisonError};

    use rustix::process::{Signal, kill_current_process_group};
    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };
    use signal_hook::consts::SIGTERM;
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;
    use zeroize::Zeroizing;

    use super::ANSWER;

    /// A terminal that shows nothing of what is typed, until this is dropped.
    ///
    /// Ctrl-C would end the program and leave the terminal so. Here it only ends the line, and is
    /// its last byte. SIGTERM, as by `timeout`, ends the program when the terminal is as before.
    pub(super) struct Mute<'a> {
        terminal: &'a File,
        before: Termios,
    }

    impl<'a> Mute<'a> {
        pub(super) fn new(terminal: &'a File) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut mute = before.clone();
            mute.local_modes.insert(LocalModes::ICANON);
            mute.local_modes
                .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
            mute.special_codes[SpecialCodeIndex::VEOL] =
                before.special_codes[SpecialCodeIndex::VINTR];
            watch_for_the_end()?;
            *muted() = Some((terminal.try_clone()?, before.clone()));
            let this = Self { terminal, before };
            tcsetattr(terminal, OptionalActions::Flush, &mute)?;
            Ok(this)
        }

        /// What is typed until Enter, or until Ctrl-D, which says no more; `None` for Ctrl-C.
        pub(super) fn line(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
            let mut line = Zeroizing::new(vec![0; ANSWER]);
            // What a terminal gives at once is a line.
            let len = loop {
                match (&mut &*self.terminal).read(&mut line) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            line.truncate(len);
            // Zero is for a terminal that has no such key.
            let interrupt = self.before.special_codes[SpecialCodeIndex::VINTR];
            match line.last() {
                Some(last) if *last == interrupt && interrupt != 0 => return Ok(None),
                Some(b'\n') => line.truncate(len - 1),
                _ => {}
            }
            Ok(Some(line))
        }
    }

    impl Drop for Mute<'_> {
        fn drop(&mut self) {
            // A terminal that is gone needs it no more.
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
            *muted() = None;
        }
    }

    /// The terminal that is mute now, and how it was before.
    static MUTED: Mutex<Option<(File, Termios)>> = Mutex::new(None);

    fn muted() -> MutexGuard<'static, Option<(File, Termios)>> {
        MUTED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on SIGTERM ends the program in a thread that looks after the terminal first. Without
    /// that thread the signal would do nothing any more, so it stays.
    fn watch_for_the_end() -> io::Result<()> {
        static WATCHED: Once = Once::new();
        if WATCHED.is_completed() {
            return Ok(());
        }
        let mut signals = Signals::new([SIGTERM])?;
        WATCHED.call_once(|| {
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    if let Some((terminal, before)) = &*muted() {
                        let _ = tcsetattr(terminal, OptionalActions::Now, before);
                    }
                    let _ = emulate_default_handler(signal);
                }
            });
        });
        Ok(())
    }

    /// What Ctrl-C does.
    pub(super) fn interrupt() -> io::Result<()> {
        Ok(kill_current_process_group(Signal::INT)?)
    }
}
