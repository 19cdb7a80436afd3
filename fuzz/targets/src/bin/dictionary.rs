//! Writes the dictionary of TLS, for libFuzzer's `-dict`.
//!
//! `cargo run -p sslcore-fuzz-targets --bin dictionary`, in the folder `fuzz`.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dictionaries");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("tls.dict"), sslcore_fuzz_targets::dictionary())
}
