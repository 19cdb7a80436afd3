//! What fails when sessions are kept or taken otherwise, in one program, so that it is built and run fast.

#[path = "../tests/nothing_sticks.rs"]
mod nothing_sticks;
#[path = "../tests/quarantine.rs"]
mod quarantine;
#[path = "../tests/resumed_trust.rs"]
mod resumed_trust;
#[path = "../tests/sessions/main.rs"]
mod sessions;
#[path = "../tests/ticket_keys.rs"]
mod ticket_keys;
#[path = "../tests/ticket_or_cache.rs"]
mod ticket_or_cache;
#[path = "../tests/without_security.rs"]
mod without_security;
