//! Connections whose records the kernel seals and opens: `tests/run ktls` runs these on one that can.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod data;
mod endings;
mod openssl;
mod renewal;
mod stage;
