//! Sessions: where they are kept, how many, and for how long.

mod lifetimes;
mod odd_stores;
mod stage;
mod stores;
mod tickets;
