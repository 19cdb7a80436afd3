//! A TLS endpoint as a pure value.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod crypto;
