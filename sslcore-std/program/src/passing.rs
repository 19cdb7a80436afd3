//! What passes on a connection that is watched, as JSON.

use serde_json::{Value, json};
use sslcore_std::sslcore::Event;
use sslcore_std::trace::{Direction, Record};

use crate::text::event_text;

/// A piece of plaintext, a line of a dialogue.
pub(crate) fn plaintext(way: Direction, bytes: &[u8]) -> Value {
    json!({
        "event": "plaintext",
        "direction": direction(way),
        "bytes": bytes.len(),
        "text": String::from_utf8_lossy(bytes),
    })
}

pub(crate) fn record(way: Direction, record: &Record) -> Value {
    json!({
        "event": "record",
        "direction": direction(way),
        "bytes": record.len(),
        "content": record.content().to_string(),
        "handshake": record.handshake_type(),
        "alert": record.alert().map(|alert| alert.to_string()),
    })
}

/// What the connection has told.
pub(crate) fn state(event: Event) -> Value {
    json!({"event": "state", "what": event_text(event)})
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    }
}
