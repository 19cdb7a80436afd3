//! What fails when our own handshake engine does something else, in one program, so that it is built and
//! run fast: with the engine in the place of rustls, and without the tests that tests/own-engine.txt lists.

#[path = "../tests/asked_signatures.rs"]
mod asked_signatures;
#[path = "../tests/certificate_timestamps.rs"]
mod certificate_timestamps;
#[path = "../tests/encoded_lists.rs"]
mod encoded_lists;
#[path = "../tests/odd_certificates.rs"]
mod odd_certificates;
#[path = "../tests/own_settings.rs"]
mod own_settings;
#[path = "../tests/psk/main.rs"]
mod psk;
#[path = "../tests/psk_refusals/main.rs"]
mod psk_refusals;
#[path = "../tests/psk_tls12_refusals/main.rs"]
mod psk_tls12_refusals;
#[path = "../tests/public_key_costs.rs"]
mod public_key_costs;
#[path = "../tests/quarantine.rs"]
mod quarantine;
#[path = "../tests/refusals/main.rs"]
mod refusals;
#[path = "../tests/resumed_trust.rs"]
mod resumed_trust;
#[path = "../tests/rustls_peer.rs"]
mod rustls_peer;
#[path = "../tests/server_name.rs"]
mod server_name;
#[path = "../tests/sessions/main.rs"]
mod sessions;
#[path = "../tests/signature_schemes.rs"]
mod signature_schemes;
#[path = "../tests/signer.rs"]
mod signer;
#[path = "../tests/snapshots.rs"]
mod snapshots;
#[path = "../tests/stapled.rs"]
mod stapled;
#[path = "../tests/ticket_keys.rs"]
mod ticket_keys;
#[path = "../tests/ticket_or_cache.rs"]
mod ticket_or_cache;
#[path = "../tests/told_of_handshakes.rs"]
mod told_of_handshakes;
#[path = "../tests/told_of_sessions.rs"]
mod told_of_sessions;
