//! Writes the seeds: inputs that get far, from which a fuzzer starts.
//!
//! `cargo run -p sslcore-fuzz-targets --bin seeds`, in the folder `fuzz`.

use std::fs;
use std::path::Path;

use sslcore_fuzz_targets::seeds::all;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds");
    let mut total = 0;
    for (target, name, bytes) in all() {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), &bytes)?;
        total += bytes.len();
    }
    println!("{total} bytes");
    Ok(())
}
