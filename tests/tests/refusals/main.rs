//! What a peer may not say, and the alert that it is refused with (rule R17).
//!
//! Two honest ends talk, and a man in the middle changes what one of them says. Who is refused is
//! told so on the wire, under the right keys, and the failure says whose fault it is.

mod certificate;
mod client_hello;
mod early_data;
mod encrypted_extensions;
mod ignored;
mod interleaved;
mod key_exchange;
mod mutated;
mod order;
mod records;
mod resumption;
mod schemes;
mod second_hello;
mod server_hello;
mod stage;
mod stubborn;
mod ticket;
