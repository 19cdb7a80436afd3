//! What fails when our own handshake engine does something else, in one program, so that it is built and
//! run fast.

#[path = "../tests/psk/main.rs"]
mod psk;
#[path = "../tests/psk_refusals/main.rs"]
mod psk_refusals;
#[path = "../tests/psk_tls12_refusals/main.rs"]
mod psk_tls12_refusals;
#[path = "../tests/public_key_costs.rs"]
mod public_key_costs;
