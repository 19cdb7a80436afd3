//! What a connection allocates: nothing per record once it is encrypted, and little while it is
//! idle. Counted are the allocations of Rust code on this thread; AWS-LC's own, in C, are not seen.
//!
//! `cargo test --test allocations -- --nocapture` shows the figures, the most important in one table.

mod buffers;
mod connections;
mod counted;
mod records;
mod small_records;
mod table;
