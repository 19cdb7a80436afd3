//! Pre-shared keys: both ends of ours, in every mode.

mod asking;
mod configuration;
mod record_sizes;
mod stage;
mod tls12;
mod tls13;
