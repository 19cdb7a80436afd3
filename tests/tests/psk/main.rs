//! Pre-shared keys: both ends of ours, in every mode.

mod asking;
mod configuration;
mod stage;
mod tls12;
mod tls13;
