//! `SslServer`, over loopback.

#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod driving;
mod names;
mod qt;
mod spy;
mod verdicts;
