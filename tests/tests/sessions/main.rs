//! Sessions: where they are kept, how many, and for how long.

mod lifetimes;
mod stage;
mod stores;
mod tickets;
