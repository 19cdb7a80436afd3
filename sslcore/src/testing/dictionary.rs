//! The words of TLS, for fuzzers that put them into their inputs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::alert::Alert;
use crate::handshake::extensions;
use crate::handshake::wire::server_hello::{DOWNGRADE, RETRY};
use crate::protocol::{SignatureScheme, SslCipher, private_use};
use crate::record::header::ContentType;
use crate::record::messages::kind;

/// A word of a [`dictionary`].
///
/// `Display` gives a line of a file that libFuzzer and AFL++ read: `close_notify="\x01\x00"`.
///
/// ```
/// # use sslcore::testing::Word;
/// let word = Word { name: "alert_close_notify".into(), bytes: vec![1, 0] };
/// assert_eq!(word.to_string(), r#"alert_close_notify="\x01\x00""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The name of it: letters, digits and underscores.
    pub name: String,
    /// The bytes, as they stand on the wire.
    pub bytes: Vec<u8>,
}

impl Word {
    fn new(name: impl ToString, bytes: &[u8]) -> Self {
        Self {
            name: name.to_string(),
            bytes: bytes.to_vec(),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=\"", self.name)?;
        for byte in &self.bytes {
            write!(f, "\\x{byte:02x}")?;
        }
        f.write_str("\"")
    }
}

/// The words that a fuzzer cannot guess, out of the tables that the library reads by: record headers,
/// types of messages and extensions, suites, groups, signature schemes, alerts, and what is special in
/// a ServerHello. Costs some milliseconds, and allocates.
///
/// ```
/// # use sslcore::testing::dictionary;
/// let words = dictionary();
/// let key_share = words.iter().find(|word| word.name == "extension_51").unwrap();
/// assert_eq!(key_share.bytes, [0, 51]);
/// ```
pub fn dictionary() -> Vec<Word> {
    let mut words = Vec::new();
    for content in 0..=u8::MAX {
        if ContentType::from_byte(content).is_some() {
            for minor in [1, 3] {
                words.push(Word::new(
                    format!("record_{content}_3_{minor}"),
                    &[content, 3, minor],
                ));
            }
        }
    }
    for kind in kind::ALL {
        words.push(Word::new(format!("message_{kind}"), &[kind, 0]));
    }
    let numbers = 0..=u16::MAX;
    for number in numbers.clone().filter(|it| extensions::is_known(*it)) {
        let name = format!("extension_{number}");
        words.push(Word::new(name, &number.to_be_bytes()));
    }
    // Of those that everybody ignores (RFC 8701).
    words.push(Word::new("grease", &[0x5a, 0x5a]));
    for suite in numbers.clone().filter_map(SslCipher::negotiated) {
        words.push(Word::new(suite.name(), &suite.id().to_be_bytes()));
    }
    words.push(Word::new("TLS_EMPTY_RENEGOTIATION_INFO_SCSV", &[0, 0xff]));
    words.push(Word::new("TLS_FALLBACK_SCSV", &[0x56, 0]));
    for group in private_use::GROUPS {
        words.push(Word::new(format!("group_{group}"), &group.to_be_bytes()));
    }
    // RFC 8446 §4.2.7, and X25519MLKEM768.
    for group in [23_u16, 24, 25, 29, 30, 0x11ec] {
        words.push(Word::new(format!("group_{group}"), &group.to_be_bytes()));
    }
    for scheme in numbers.filter_map(SignatureScheme::from_code) {
        words.push(Word::new(scheme.name(), &scheme.code().to_be_bytes()));
    }
    for code in 0..=u8::MAX {
        let alert = Alert::from_code(code);
        if !matches!(alert, Alert::Unknown(_)) {
            let level = match alert {
                Alert::CloseNotify | Alert::UserCanceled | Alert::NoRenegotiation => 1,
                _ => 2,
            };
            words.push(Word::new(format!("alert_{}", alert.name()), &[level, code]));
        }
    }
    words.push(Word::new("version_TLS12", &[3, 3]));
    words.push(Word::new("version_TLS13", &[3, 4]));
    words.push(Word::new("retry", &RETRY));
    for last in [0, 1] {
        words.push(Word::new(
            format!("downgrade_{last}"),
            &[DOWNGRADE, &[last]].concat(),
        ));
    }
    words
}
