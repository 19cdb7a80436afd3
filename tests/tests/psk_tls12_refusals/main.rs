//! TLS 1.2 with pre-shared keys: what breaks its rules is refused, and with which alert (rule R17). The
//! messages of one end are changed on their way to the other: up to ChangeCipherSpec they are in the clear.

mod client;
mod finished;
mod hellos;
mod record_sizes;
mod server;
mod stage;
