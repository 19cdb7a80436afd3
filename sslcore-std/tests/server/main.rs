//! `SslServer`, over loopback.

mod by_hand;
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod driving;
mod keys;
mod names;
mod qt;
mod signatures;
mod spy;
mod verdicts;
