//! The program `sslcore`.

fn main() {}
