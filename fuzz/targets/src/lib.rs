//! What the fuzz targets do with their input: each is a function that panics at a fault.
//!
//! `cargo fuzz` calls them from `fuzz_targets`, and the test `corpora` with the files in `seeds` and
//! `finds`. Beside panics, what they look for are breaches of [`sslcore::rules`].

mod after_handshake;
mod allowed;
mod answers;
pub mod apart;
mod behind;
mod both;
mod certificates;
mod configs;
mod connection;
pub mod depth;
mod differential;
mod end;
mod engines;
mod files;
mod fitted;
mod hellos;
mod input;
pub mod mutator;
mod records;
mod report;
pub mod seeds;
mod signing;
mod spoken;
mod starttls;
mod watched;

pub use crate::after_handshake::after_handshake;
pub use crate::certificates::certificates;
pub use crate::connection::connection;
pub use crate::differential::differential;
pub use crate::engines::engines;
pub use crate::files::files;
pub use crate::hellos::hellos;
pub use crate::records::records;
pub use crate::starttls::starttls;

/// The dictionary of TLS, a word a line, as libFuzzer reads it (`-dict`).
pub fn dictionary() -> String {
    let words = sslcore::testing::dictionary().into_iter();
    words.map(|word| format!("{word}\n")).collect()
}

/// A target.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const ALL: [(&str, Target); 9] = [
    ("connection", connection),
    ("after_handshake", after_handshake),
    ("hellos", hellos),
    ("records", records),
    ("certificates", certificates),
    ("files", files),
    ("starttls", starttls),
    ("differential", differential),
    ("engines", engines),
];

/// Those whose input is what a peer says. Each holds rules R1, R2, R4, R5, R6 and R8 against its
/// connections after every call, and prints their transcripts when an input fails.
pub const WIRE: [(&str, Target); 6] = [
    ("connection", connection),
    ("hellos", hellos),
    ("records", records),
    ("after_handshake", after_handshake),
    ("differential", differential),
    ("engines", engines),
];
