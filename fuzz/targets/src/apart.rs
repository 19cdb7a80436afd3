//! In what the two engines may differ, and which of them is right.

use std::cell::RefCell;

use crate::fitted::{
    extensions_that, with_signature_algorithms, without_compression_in_requests,
    without_early_change_cipher_specs,
};
use crate::mutator::messages::extension;

/// A difference that may be: parts of how the failure of each is shown, and why.
struct Difference {
    own: &'static str,
    rustls: &'static str,
    why: &'static str,
}

const fn row(own: &'static str, rustls: &'static str, why: &'static str) -> Difference {
    Difference { own, rustls, why }
}

/// What one engine is right to read, and the other to ignore: parts of how the failure of each is shown, the
/// peer's stream without it, and why. Without it the engines agree.
struct Ignored {
    own: &'static str,
    rustls: &'static str,
    without: fn(&[u8]) -> Vec<u8>,
    why: &'static str,
}

const ANY: &str = "";

const FAILS: &str = "(";
/// No session was resumed.
const FULL: &str = " full";

const ALLOWED: &[Difference] = &[
    row(
        "a key share of no group that is supported",
        ANY,
        "RFC 8446 §4.2.8: servers MAY check that each share is of a group in supported_groups, and answer \
         illegal_parameter; rustls does not",
    ),
    row(
        "two key shares of one group",
        FAILS,
        "both: two shares of one group, and something else wrong with the hello (RFC 8446 §4.2.8: servers MAY \
         check this)",
    ),
    row(
        "\"handshake message ",
        "(MalformedMessage",
        "both: a message that has no place, and does not have its form; its place is looked at first here, and \
         RFC 8446 §6.2 has an alert for each",
    ),
    row(
        "\"handshake message ",
        "(PeerMisbehaved",
        "both: a message that has no place, and says what it must not (RFC 8446 §6.2)",
    ),
    row(
        "a handshake message across a change of keys",
        ANY,
        "RFC 8446 §5.1: what stands behind the last message before new keys is unexpected_message, whatever \
         else is wrong with that message",
    ),
    row(
        "an extension that answers nothing that was offered",
        "an extension that is not for its message",
        "RFC 8446 §4.2: who offers TLS 1.3 alone has not offered what is for TLS 1.2, and the answer to it is \
         unsupported_extension",
    ),
    row(
        "a cookie that nobody has given",
        ANY,
        "RFC 8446 §4.2.2: a cookie is what a HelloRetryRequest had, and none of ours has one; rustls reads it, \
         and passes over it",
    ),
    row(
        "early data behind HelloRetryRequest",
        FAILS,
        "both: a second hello that offers early data, and has something else wrong with it (RFC 8446 §4.1.2, \
         §6.2)",
    ),
    row(
        "the client offers no version that is in use here",
        FAILS,
        "RFC 8446 §4.2.1: protocol_version where there is no version in common, whatever else is wrong with \
         the hello",
    ),
    row(
        "no signature scheme in common",
        FULL,
        "RFC 8446 §4.1.1: handshake_failure where nothing can be agreed upon; rustls asks for another hello \
         before it looks, and for the application protocol",
    ),
    row(
        "certificates of another type alone",
        FULL,
        "RFC 7250 §4.2: unsupported_certificate where no type is in common; rustls asks for another hello \
         before it looks",
    ),
    row(
        "there are no psk_key_exchange_modes",
        ANY,
        "RFC 8446 §4.2.9: \"If clients offer pre_shared_key without a psk_key_exchange_modes extension, servers \
         MUST abort the handshake\"; rustls does not where it takes no key",
    ),
    row(
        "a binder has at least 32 bytes",
        ANY,
        "RFC 8446 §4.2.11: `opaque PskBinderEntry<32..255>`, and what cannot be parsed is decode_error (§6.2); \
         rustls compares a shorter one, where it takes its key",
    ),
    row(
        "a Finished of another length",
        "(BadHandshakeSignature, Some(DecryptError)",
        "RFC 8446 §4.4.4: verify_data is as long as the hash, and what has an incorrect length is decode_error \
         (§6.2); rustls compares a value of any length",
    ),
    row(
        "a ticket without its key",
        FULL,
        "RFC 8446 §4.2.11.2: the binder of the key that is taken is checked; rustls checks it in the hello \
         behind HelloRetryRequest alone",
    ),
    row(
        FULL,
        "IncorrectBinder",
        "RFC 8446 §4.2.11.2: only the binder of the key that is taken is checked, and none is taken where \
         there is no mode in common (§4.2.9)",
    ),
    row(
        "a key that was not offered",
        FAILS,
        "both: a key that was not offered, and a key_share that is missing or damaged (RFC 8446 §4.2.11: \
         illegal_parameter)",
    ),
    row(
        "a server without a certificate",
        ANY,
        "RFC 8446 §4.4.2.4: \"If the server supplies an empty Certificate message, the client MUST abort the \
         handshake with a decode_error\"; rustls says so when the signature is there",
    ),
    row(
        "supported_groups and key_share go together",
        "(MalformedMessage",
        "both: a hello with one of the two alone (RFC 8446 §9.2: missing_extension), which also does not have its \
         form",
    ),
    row(
        " gone\"",
        "(MalformedMessage",
        "both: a second hello without the keys of the first (RFC 8446 §4.1.2), which also does not have its form",
    ),
    row(
        "(PeerMisbehaved, Some(IllegalParameter)",
        "MissingPskExtensionInSecondClientHello",
        "RFC 8446 §4.1.2: a client does not leave out its keys behind a HelloRetryRequest, and it is \
         illegal_parameter that it changes something else, this or another; rustls names the extension",
    ),
    row(
        FAILS,
        "the ServerHello is damaged",
        "both: a hello that is damaged behind a version that nobody speaks, a session id of nobody here, or its \
         compression",
    ),
    row(
        "a signature scheme that was not offered",
        "CertificateRejected(UndecodableCertificate)",
        "both: a certificate that cannot be read, and a signature in a scheme that was not offered",
    ),
    row(
        "the ClientHello insists on compression",
        "the ClientHello is damaged",
        "both: a hello that is damaged behind its compression methods",
    ),
    row(
        "the ClientHello is damaged",
        "the ClientHello insists on compression",
        "both: the same, found in the other order",
    ),
    row(
        "the ClientHello",
        "(RecordTooLarge",
        "both: more than a hello, or something else, in a record that is longer than one in the clear may be; its \
         length is looked at here when the hello is read",
    ),
    row(
        "a request for signatures that TLS 1.3 does not have",
        FAILS,
        "RFC 8446 §4.2.3: what is below 0x0700 is what TLS 1.2 had, and of that only ECDSA goes on; rustls takes \
         numbers among them that nobody has given away",
    ),
    row(
        "CertificateRejected(UndecodableCertificate)",
        FAILS,
        "both: a certificate that cannot be read, and something behind it, which is not awaited here",
    ),
    row(
        "CertificateRejected(UnsupportedAlgorithm)",
        FAILS,
        "both: a certificate whose key is of no use, and something behind it; what is signed with that key is \
         not awaited here (RFC 8446 §4.4.2.4)",
    ),
    row(
        "CertificateRejected(",
        "SigningFailed",
        "both: a server that is not trusted, and nobody who signs; our engine asks for a signature when the \
         server is trusted, and rustls signs before the certificate is judged",
    ),
    row(
        "(Truncated",
        "SigningFailed",
        "both: nobody signs, and the stream ends while the server is judged; rustls has signed before that",
    ),
    row(
        "SigningFailed",
        "SigningFailed",
        "both: nobody signs; our engine asks for a signature when the server is trusted, and tells of its \
         certificate before",
    ),
];

const IGNORED: &[Ignored] = &[
    Ignored {
        own: ANY,
        rustls: "got ChangeCipherSpec when expecting Handshake",
        without: without_early_change_cipher_specs,
        why: "RFC 8446 §5: a change_cipher_spec record that arrives \"at any time after the first ClientHello \
              message has been sent\" is dropped; rustls refuses it before ServerHello",
    },
    Ignored {
        own: ANY,
        rustls: "ServerNameMustContainOneHostName",
        without: |stream| extensions_that(stream, |number| number != extension::SERVER_NAME),
        why: "RFC 6066 §3: a server that does not recognize the name may go on; rustls refuses what can be no \
              DNS name",
    },
    Ignored {
        own: ANY,
        rustls: "received corrupt message of type",
        without: |stream| extensions_that(stream, |number| READ.contains(&number)),
        why: "RFC 8446 §4.1.2: servers ignore extensions that they do not know; rustls reads more of them, \
              those of TLS 1.2 too",
    },
    Ignored {
        own: ANY,
        rustls: "received corrupt message of type",
        without: without_compression_in_requests,
        why: "RFC 8446 §4.3.2: clients ignore what they do not know of a request for certificates; rustls reads \
              compress_certificate, too",
    },
    Ignored {
        own: ANY,
        rustls: "SignatureAlgorithmsExtensionRequired",
        without: with_signature_algorithms,
        why: "RFC 8446 §9.2: a hello needs signature_algorithms only where it has no pre_shared_key; rustls \
              always wants them",
    },
    Ignored {
        own: ANY,
        rustls: ANY,
        without: |stream| extensions_that(stream, |number| !OF_OURS.contains(&number)),
        why: "RFC 8449, RFC 6066 §4, RFC 6962 §3.3.1: the sizes of records are agreed upon here, and timestamps \
              are shown; rustls' servers do not know the extensions",
    },
];

const OF_OURS: [u16; 3] = [
    extension::MAX_FRAGMENT_LENGTH,
    extension::SIGNED_CERTIFICATE_TIMESTAMP,
    extension::RECORD_SIZE_LIMIT,
];
/// What our engine reads of a hello: server_name, max_fragment_length, status_request, supported_groups,
/// signature_algorithms, application_layer_protocol_negotiation, signed_certificate_timestamp,
/// client_certificate_type, server_certificate_type, record_size_limit, pre_shared_key, early_data,
/// supported_versions, cookie, psk_key_exchange_modes, certificate_authorities, key_share,
/// renegotiation_info.
const READ: [u16; 18] = [
    0, 1, 5, 10, 13, 16, 18, 19, 20, 28, 41, 42, 43, 44, 45, 47, 51, 0xff01,
];

thread_local! {
    /// Which rows have applied in this thread: of the one table, and of the other.
    static APPLIED: RefCell<[Vec<bool>; 2]> =
        RefCell::new([vec![false; ALLOWED.len()], vec![false; IGNORED.len()]]);
}

fn note(table: usize, row: usize) {
    APPLIED.with_borrow_mut(|applied| applied[table][row] = true);
}

/// Whether the engines may differ where they fail so.
pub(crate) fn may_be(own: &str, rustls: &str) -> bool {
    let mut rows = ALLOWED.iter();
    let found = rows.position(|row| own.contains(row.own) && rustls.contains(row.rustls));
    found.is_some_and(|row| {
        note(0, row);
        true
    })
}

/// The stream without what the other engine need not refuse, or read, where they fail so.
pub(crate) fn ignored(own: &str, rustls: &str, stream: &[u8]) -> Option<Vec<u8>> {
    let mut rows = IGNORED.iter().enumerate();
    rows.find_map(|(at, row)| {
        if !own.contains(row.own) || !rustls.contains(row.rustls) {
            return None;
        }
        let other = Some((row.without)(stream)).filter(|other| other != stream)?;
        note(1, at);
        Some(other)
    })
}

/// The rows that have not applied so far, in this thread.
pub fn unused() -> Vec<String> {
    let allowed = ALLOWED.iter().map(|row| (row.own, row.rustls, row.why));
    let ignored = IGNORED.iter().map(|row| (row.own, row.rustls, row.why));
    let applied = APPLIED.with_borrow(|applied| applied.concat());
    let rows = allowed.chain(ignored).zip(applied);
    let unused = rows.filter(|(_, applied)| !applied);
    unused
        .map(|((own, rustls, why), _)| format!("{own} | {rustls}: {why}"))
        .collect()
}
