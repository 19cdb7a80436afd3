//! What can be seen of a connection, to compare it with what is seen later, or of another.

use sslcore::Connection;

/// Everything a caller can see, but for the events, which are drained.
pub fn view(conn: &Connection) -> impl PartialEq + std::fmt::Debug + use<> {
    let numbers = [
        conn.bytes_available(),
        conn.bytes_to_write(),
        conn.encrypted_bytes_available(),
        conn.encrypted_bytes_to_write(),
        conn.read_buffer_size(),
        conn.close_timeout().map_or(0, |it| it.as_micros() as usize),
        conn.ssl_errors().len(),
        conn.peer_certificate_chain().len(),
    ];
    let words = (
        conn.mode(),
        conn.is_encrypted(),
        conn.is_over(),
        conn.transmit_finished(),
        conn.deadline(),
        conn.peer_close_timeout(),
        conn.read_end(),
        conn.wants_receive(),
        conn.failure().cloned(),
        conn.close_report(),
    );
    let open = (
        conn.is_handshaking(),
        conn.is_done(),
        conn.is_resumed(),
        (
            conn.session_tickets_received(),
            conn.session_ticket_lifetime_hint(),
        ),
        conn.review().map(|review| review.id),
        conn.config_request().map(|request| request.id),
        conn.psk_request().map(|request| request.id),
        conn.signature_request().map(|request| request.id),
        conn.peek().to_vec(),
        conn.transmit().to_vec(),
    );
    (numbers, words, open)
}
