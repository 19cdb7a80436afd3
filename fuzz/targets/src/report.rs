//! What is said of an input that fails: everything that was done to the connections under test.
//!
//! Recording takes time, so it is done when an input has failed, and is run once more: in the panic
//! hook, since a fuzzer ends its process there.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

use sslcore::testing::transcript::Transcript;

use crate::Target;

thread_local! {
    /// What this thread runs, and with what input.
    static UNDER_WAY: RefCell<Option<(Target, Vec<u8>)>> = const { RefCell::new(None) };
    static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Whether connections are recorded.
pub(crate) fn is_recording() -> bool {
    IS_RECORDING.get()
}

/// Says a transcript of a connection that has failed.
pub(crate) fn say(transcript: &Transcript) {
    SAID.with_borrow_mut(|said| said.push_str(&format!("\n{transcript}\n")));
}

/// Runs a target. Should it panic, the transcripts of its connections are printed first: each can be
/// read, and repeated with [`replay_with`](sslcore::testing::transcript::replay_with) and the
/// configurations of the target.
pub(crate) fn watch(target: Target, input: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if is_recording() {
                return;
            }
            let failed = UNDER_WAY.try_with(|it| it.try_borrow_mut().ok()?.take());
            if let Ok(Some((target, input))) = failed {
                eprintln!("{}", transcripts(target, input));
            }
            next(info);
        }));
    });
    UNDER_WAY.set(Some((target, input.to_vec())));
    target(input);
    UNDER_WAY.set(None);
}

/// The transcripts of what a target does with an input that fails.
pub(crate) fn transcripts(target: Target, input: Vec<u8>) -> String {
    #[cfg(test)]
    let breaks = crate::watched::BREAKS.get();
    let run = thread::spawn(move || {
        #[cfg(test)]
        crate::watched::BREAKS.set(breaks);
        IS_RECORDING.set(true);
        let failed = panic::catch_unwind(AssertUnwindSafe(|| target(&input))).is_err();
        match failed {
            true => SAID.take(),
            false => "what is recorded does not fail: the fault is in a door of its own".into(),
        }
    });
    run.join().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use sslcore::testing::transcript::Transcript;

    use super::transcripts;
    use crate::watched::BREAKS;
    use crate::{WIRE, seeds};

    #[test]
    fn an_input_that_fails_is_told_with_its_transcripts() {
        BREAKS.set(true);
        for (name, target) in WIRE {
            let all = seeds::all();
            let (_, _, input) = all
                .iter()
                .find(|(of, ..)| *of == name)
                .expect("a seed of each");
            let text = transcripts(target, input.clone());
            let mut texts = text.trim().split("\n\ntranscript ");
            let first = texts.next().expect("one");
            let transcript: Transcript = first.parse().unwrap_or_else(|error| {
                panic!("{name}: {error}\n{text}");
            });
            let text = transcript.to_string();
            assert!(text.contains("\nstart "), "{name}: {text}");
            assert!(text.contains("\n< "), "{name}: {text}");
        }
    }

    #[test]
    fn an_input_that_does_not_fail_is_told_so() {
        for (_, target) in WIRE {
            let said = transcripts(target, Vec::new());
            assert!(said.starts_with("what is recorded does not fail"), "{said}");
        }
    }
}
