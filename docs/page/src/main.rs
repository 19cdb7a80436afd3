//! Builds the page: `cargo run -p sslcore-page [FILE]`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use base64ct::{Base64, Encoding};
use serde_json::Value;

const TARGET: &str = "wasm32-unknown-unknown";
const PAGE: &str = include_str!("page.html");
/// Where in it the program goes.
const MARK: &str = "@WASM@";

fn main() -> ExitCode {
    match build() {
        Ok(path) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sslcore-page: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the library for the browser, puts it into the page, and says where that is.
fn build() -> Result<PathBuf, Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--locked", "--lib", "--profile", "page"])
        .args(["--package", "sslcore-page", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stderr(Stdio::inherit())
        .output()?;
    if !built.status.success() {
        return Err(format!(
            "the library was not built for the browser; if the target is missing: rustup target add {TARGET}"
        )
        .into());
    }
    let messages = String::from_utf8(built.stdout)?;
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .find_map(|message| file(&message))
        .ok_or("cargo names no file that it has built")?;
    let page = PAGE.replace(MARK, &Base64::encode_string(&fs::read(&program)?));
    let path = match env::args_os().nth(1) {
        Some(path) => path.into(),
        None => program.with_file_name("handshake.html"),
    };
    fs::write(&path, page)?;
    Ok(path)
}

/// The WebAssembly that this message of cargo's tells of.
fn file(message: &Value) -> Option<PathBuf> {
    let files = message["filenames"].as_array()?.iter();
    let mut files = files.filter_map(Value::as_str);
    files
        .find(|file| file.ends_with("sslcore_page.wasm"))
        .map(PathBuf::from)
}
