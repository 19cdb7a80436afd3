//! `SslServer`, over loopback.

#[path = "../common/mod.rs"]
mod common;
mod qt;
mod spy;
