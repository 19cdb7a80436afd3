//! The databases: PostgreSQL and MySQL.

use super::dialogue::{Dialogue, MESSAGE, Refusal, Step, quote};

/// PostgreSQL: SSLRequest, answered with one byte (PostgreSQL's documentation, "SSL Session
/// Encryption").
pub(super) struct Postgres;

impl Dialogue for Postgres {
    fn opening(&self) -> Vec<u8> {
        const CODE: u32 = 80_877_103;
        [8u32.to_be_bytes(), CODE.to_be_bytes()].concat()
    }

    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        match unread.first() {
            None => Ok(Step::Incomplete),
            Some(b'S') => Ok(Step::GoAhead(1, Vec::new())),
            Some(b'N') => Err(Refusal::NotOffered("N".to_owned())),
            Some(b'E') => error_response(unread),
            Some(_) => Err(Refusal::Unexpected(quote(unread))),
        }
    }
}

/// ErrorResponse, in the form of today or in that of protocol version 2: text up to a zero byte. A
/// server that cannot even make a process for the connection says the latter.
fn error_response(unread: &[u8]) -> Result<Step, Refusal> {
    // A length that begins like text is one that nobody sends.
    let is_text = |byte: u8| !byte.is_ascii_control();
    match unread.get(1) {
        Some(byte) if is_text(*byte) => {
            let end = unread.iter().position(|byte| *byte == 0);
            end.map_or(Ok(Step::Incomplete), |end| {
                Err(Refusal::Refused(quote(&unread[1..end])))
            })
        }
        _ => fields(unread),
    }
}

/// Fields that begin with a letter and end in a zero byte; `M` is the message.
fn fields(unread: &[u8]) -> Result<Step, Refusal> {
    let Some((length, _)) = unread[1..].split_first_chunk::<4>() else {
        return Ok(Step::Incomplete);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if length > MESSAGE {
        return Err(Refusal::TooLong);
    }
    let Some(fields) = unread.get(5..1 + length) else {
        return match length {
            0..4 => Err(Refusal::Unexpected(quote(unread))),
            _ => Ok(Step::Incomplete),
        };
    };
    let message = fields
        .split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"M"))
        .unwrap_or(fields);
    Err(Refusal::Refused(quote(message)))
}

/// MySQL and MariaDB: the server greets with what it can do, the client answers with SSLRequest
/// and starts TLS at once (MySQL's documentation, "Connection Phase").
pub(super) struct Mysql;

const CLIENT_PROTOCOL_41: u32 = 0x0200;
const CLIENT_SSL: u32 = 0x0800;
const CLIENT_SECURE_CONNECTION: u32 = 0x8000;
const CLIENT_PLUGIN_AUTH: u32 = 0x0008_0000;
const UTF8MB4_GENERAL_CI: u8 = 45;

impl Dialogue for Mysql {
    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        let Some((header, rest)) = unread.split_first_chunk::<4>() else {
            return Ok(Step::Incomplete);
        };
        let [a, b, c, sequence] = *header;
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        if sequence != 0 {
            return Err(Refusal::Unexpected(quote(unread)));
        }
        if length > MESSAGE {
            return Err(Refusal::TooLong);
        }
        let Some(greeting) = rest.get(..length) else {
            return Ok(Step::Incomplete);
        };
        if let Some((0xff, error)) = greeting.split_first() {
            // An error number, and once the client is known an SQL state.
            let said = error.get(2..).unwrap_or_default();
            return Err(Refusal::Refused(quote(said)));
        }
        let (version, capabilities) =
            capabilities(greeting).ok_or_else(|| Refusal::Unexpected(quote(greeting)))?;
        if capabilities & CLIENT_SSL == 0 {
            return Err(Refusal::NotOffered(quote(version)));
        }
        let own = CLIENT_PROTOCOL_41
            | CLIENT_SSL
            | capabilities & (CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH);
        Ok(Step::GoAhead(4 + length, ssl_request(own)))
    }
}

/// The server's version and what it can do.
fn capabilities(greeting: &[u8]) -> Option<(&[u8], u32)> {
    let (10, rest) = greeting.split_first()? else {
        return None;
    };
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (version, rest) = (&rest[..end], &rest[end + 1..]);
    // Behind the thread's id, the first part of the salt and a filler.
    let low = rest.get(13..15)?;
    // Behind the character set and the status; old servers end before.
    let high = rest.get(18..20).unwrap_or(&[0, 0]);
    let bits = u32::from_le_bytes([low[0], low[1], high[0], high[1]]);
    Some((version, bits))
}

fn ssl_request(capabilities: u32) -> Vec<u8> {
    const LARGEST_PACKET: u32 = 0x0100_0000;
    let mut request = vec![32, 0, 0, 1];
    request.extend(capabilities.to_le_bytes());
    request.extend(LARGEST_PACKET.to_le_bytes());
    request.push(UTF8MB4_GENERAL_CI);
    request.extend([0; 23]);
    request
}
