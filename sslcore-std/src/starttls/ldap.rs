//! LDAP's StartTLS operation (RFC 4511 §4.14).

use super::dialogue::{Dialogue, MESSAGE, Refusal, Step, quote};

/// The ExtendedRequest, message 1, for 1.3.6.1.4.1.1466.20037.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const EXTENDED_RESPONSE: u8 = 0x78;

pub(super) struct Ldap;

impl Dialogue for Ldap {
    fn opening(&self) -> Vec<u8> {
        REQUEST.to_vec()
    }

    fn read(&mut self, unread: &[u8]) -> Result<Step, Refusal> {
        if unread.first().is_some_and(|tag| *tag != SEQUENCE) {
            return Err(Refusal::Unexpected(quote(unread)));
        }
        let Some((header, length)) = header(unread)? else {
            return Ok(Step::Incomplete);
        };
        let len = header + length;
        let Some(message) = unread.get(header..len) else {
            return Ok(Step::Incomplete);
        };
        match response(message) {
            Some((Ok(1), 0, _)) => Ok(Step::GoAhead(len, Vec::new())),
            Some((_, code, said)) => Err(Refusal::Refused(format!(
                "resultCode {code}{}: {said}",
                name(code)
            ))),
            None => Err(Refusal::Unexpected(quote(&unread[..len]))),
        }
    }
}

/// The length of an element's tag and length, and the length. BER's long forms need not be the
/// shortest; the indefinite one is not allowed (RFC 4511 §5.1).
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    let Some(first) = bytes.get(1) else {
        return Ok(None);
    };
    if *first < 0x80 {
        return Ok(Some((2, usize::from(*first))));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(Refusal::Unexpected(quote(bytes)));
    }
    let Some(digits) = bytes.get(2..2 + count) else {
        return Ok(None);
    };
    let length = digits
        .iter()
        .fold(0u64, |length, digit| length << 8 | u64::from(*digit));
    match usize::try_from(length) {
        Ok(length) if length <= MESSAGE => Ok(Some((2 + count, length))),
        _ => Err(Refusal::TooLong),
    }
}

/// The next element's tag and value.
fn element<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (header, length) = header(bytes).ok()??;
    let value = bytes.get(header..header + length)?;
    let tag = *bytes.first()?;
    *bytes = &bytes[header + length..];
    Some((tag, value))
}

fn expect<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    element(bytes).and_then(|(found, value)| (found == tag).then_some(value))
}

/// A small number that is not negative; `Err` for another.
fn number(value: &[u8]) -> Result<u32, ()> {
    match value {
        [first, ..] if *first < 0x80 && value.len() <= 4 => Ok(value
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte))),
        _ => Err(()),
    }
}

/// The message's id, its resultCode and its diagnosticMessage, if it is an ExtendedResponse.
fn response(mut message: &[u8]) -> Option<(Result<u32, ()>, u32, String)> {
    let id = number(expect(&mut message, INTEGER)?);
    let mut response = expect(&mut message, EXTENDED_RESPONSE)?;
    let code = number(expect(&mut response, ENUMERATED)?).ok()?;
    let _matched_dn = expect(&mut response, OCTET_STRING)?;
    let said = expect(&mut response, OCTET_STRING)?;
    Some((id, code, quote(said)))
}

/// The codes that servers give here (RFC 4511 §4.14.2 and appendix A).
fn name(code: u32) -> &'static str {
    match code {
        1 => " (operationsError)",
        2 => " (protocolError)",
        10 => " (referral)",
        12 => " (unavailableCriticalExtension)",
        51 => " (busy)",
        52 => " (unavailable)",
        53 => " (unwillingToPerform)",
        80 => " (other)",
        _ => "",
    }
}
