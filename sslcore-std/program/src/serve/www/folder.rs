//! The folder that is served, and nothing outside.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

/// A folder by its real path.
pub(in crate::serve) struct Folder(PathBuf);

pub(super) enum Found {
    /// A file, its length, and what kind it is.
    File(File, u64, &'static str),
    /// A folder whose path, for the client, is this: links in it need the slash at the end.
    FolderAt(String),
    Nothing,
}

impl Folder {
    pub(in crate::serve) fn new(path: &Path) -> Result<Self, String> {
        match fs::canonicalize(path) {
            Ok(real) if real.is_dir() => Ok(Self(real)),
            Ok(_) => Err(format!("{path:?} is not a folder")),
            Err(error) => Err(format!("the folder {path:?} cannot be used: {error}")),
        }
    }

    /// What is at a decoded path. Where it really is decides, behind all links: outside of the
    /// folder there is nothing, and nothing behind a name that begins with a dot, where programs
    /// keep what is not for others (`.git`, `.env`, `.htpasswd`).
    pub(super) fn find(&self, path: &str) -> Found {
        self.look(path).unwrap_or(Found::Nothing)
    }

    fn look(&self, path: &str) -> Option<Found> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let mut full = self.0.clone();
        for name in &names {
            full.push(one_name(name)?);
        }
        let mut real = self.inside(&full)?;
        if real.is_dir() {
            if !path.ends_with('/') {
                return Some(Found::FolderAt(encoded(&names)));
            }
            real = self.inside(&real.join("index.html"))?;
        } else if path.ends_with('/') {
            return None;
        }
        // A pipe or a device could keep us waiting.
        if !fs::metadata(&real).ok()?.is_file() {
            return None;
        }
        let file = File::open(&real).ok()?;
        let len = file.metadata().ok()?.len();
        Some(Found::File(file, len, kind(&real)))
    }

    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = fs::canonicalize(path).ok()?;
        let names = real.strip_prefix(&self.0).ok()?;
        let hidden = names
            .components()
            .any(|name| name.as_os_str().as_encoded_bytes().starts_with(b"."));
        (!hidden).then_some(real)
    }
}

/// A name, if it is no more than that: not "..", not a drive, not two names, not hidden.
fn one_name(name: &str) -> Option<&str> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name && !name.starts_with('.') => {
            Some(name)
        }
        _ => None,
    }
}

/// The path of a folder, as a client must ask for it.
fn encoded(names: &[&str]) -> String {
    let mut path = String::from("/");
    for name in names {
        for byte in name.bytes() {
            match byte {
                b'-' | b'.' | b'_' | b'~' => path.push(char::from(byte)),
                _ if byte.is_ascii_alphanumeric() => path.push(char::from(byte)),
                _ => path += &format!("%{byte:02X}"),
            }
        }
        path.push('/');
    }
    path
}

fn kind(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("txt" | "md" | "log") => "text/plain; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("pdf") => "application/pdf",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("ico") => "image/vnd.microsoft.icon",
        _ => "application/octet-stream",
    }
}
