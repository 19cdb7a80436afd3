//! What fails when the machine or its records do something else, in one program, so that it is built and run fast.

#[path = "../tests/alerts.rs"]
mod alerts;
#[path = "../tests/awkward_endings.rs"]
mod awkward_endings;
#[path = "../tests/bad_input.rs"]
mod bad_input;
#[path = "../tests/canceling.rs"]
mod canceling;
#[path = "../tests/changes.rs"]
mod changes;
#[path = "../tests/choosing.rs"]
mod choosing;
#[path = "../tests/clear_handshake_records.rs"]
mod clear_handshake_records;
#[path = "../tests/close_timeout.rs"]
mod close_timeout;
#[path = "../tests/closing.rs"]
mod closing;
#[path = "../tests/closing_in_handshakes.rs"]
mod closing_in_handshakes;
#[path = "../tests/doors.rs"]
mod doors;
#[path = "../tests/driving.rs"]
mod driving;
#[path = "../tests/extremes.rs"]
mod extremes;
#[path = "../tests/farewells.rs"]
mod farewells;
#[path = "../tests/full_buffers.rs"]
mod full_buffers;
#[path = "../tests/handshake.rs"]
mod handshake;
#[path = "../tests/hostile_records.rs"]
mod hostile_records;
#[path = "../tests/judged_time.rs"]
mod judged_time;
#[path = "../tests/key_update.rs"]
mod key_update;
#[path = "../tests/lost_bytes.rs"]
mod lost_bytes;
#[path = "../tests/nothing_sticks.rs"]
mod nothing_sticks;
#[cfg(feature = "offload")]
#[path = "../tests/offload/main.rs"]
mod offload;
#[path = "../tests/protected_handshake_records.rs"]
mod protected_handshake_records;
#[path = "../tests/quarantine.rs"]
mod quarantine;
#[path = "../tests/record_layer.rs"]
mod record_layer;
#[path = "../tests/refused_early_data.rs"]
mod refused_early_data;
#[path = "../tests/repeated_words.rs"]
mod repeated_words;
#[path = "../tests/resumed_trust.rs"]
mod resumed_trust;
#[path = "../tests/second_hello.rs"]
mod second_hello;
#[path = "../tests/sessions/main.rs"]
mod sessions;
#[path = "../tests/snapshots.rs"]
mod snapshots;
#[path = "../tests/stapled.rs"]
mod stapled;
#[path = "../tests/starttls.rs"]
mod starttls;
#[path = "../tests/ticket_or_cache.rs"]
mod ticket_or_cache;
#[path = "../tests/timeouts.rs"]
mod timeouts;
#[path = "../tests/tls12_finished.rs"]
mod tls12_finished;
#[path = "../tests/told_of_handshakes.rs"]
mod told_of_handshakes;
#[path = "../tests/told_of_sessions.rs"]
mod told_of_sessions;
#[path = "../tests/transmissions.rs"]
mod transmissions;
#[path = "../tests/transmit_failed.rs"]
mod transmit_failed;
#[path = "../tests/verdict/main.rs"]
mod verdict;
#[path = "../tests/writing.rs"]
mod writing;
