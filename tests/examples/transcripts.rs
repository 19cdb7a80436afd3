//! Makes the transcripts in `tests/transcripts` again: `cargo run -p sslcore-tests --example
//! transcripts`.

use std::{fs, io};

use sslcore_tests::transcripts::{SESSIONS, file_names, folder, record};

fn main() -> io::Result<()> {
    for (configuration, story) in SESSIONS {
        let transcripts = record(configuration, story);
        for (name, transcript) in file_names(configuration, story).iter().zip(transcripts) {
            fs::write(folder().join(name), transcript.to_string())?;
        }
    }
    Ok(())
}
