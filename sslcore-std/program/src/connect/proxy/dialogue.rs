//! What both ways have in common: a dialogue without IO, message by message.

use std::net::IpAddr;

use zeroize::Zeroizing;

/// The longest name or password, in bytes (RFC 1929 §2).
pub(super) const CREDENTIAL: usize = 255;

/// What the proxy's words come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its message is not complete.
    Incomplete,
    /// So many bytes are its message; this is the answer, and another message is awaited.
    Answer(usize, Vec<u8>),
    /// So many bytes are its message; what follows is the host's.
    Connected(usize),
}

/// One way to ask a proxy, without IO.
pub(super) trait Dialogue {
    /// What the client says first.
    fn opening(&self) -> Vec<u8>;

    /// Looks at the unread bytes for one message. Takes no byte behind it, and does nothing while it
    /// is incomplete.
    ///
    /// # Errors
    /// A sentence: why the proxy makes no connection.
    fn read(&mut self, unread: &[u8]) -> Result<Step, String>;
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(super) user: Zeroizing<Vec<u8>>,
    pub(super) password: Zeroizing<Vec<u8>>,
}

impl Credentials {
    /// `USER:PASSWORD`, as HTTP has it (RFC 7617 §2).
    pub(crate) fn new(text: &[u8]) -> Result<Self, String> {
        let Some(colon) = text.iter().position(|byte| *byte == b':') else {
            return Err("a proxy is told USER:PASSWORD, and the colon is missing".to_owned());
        };
        let [user, password] = [&text[..colon], &text[colon + 1..]];
        if user.is_empty() || user.len() > CREDENTIAL || password.len() > CREDENTIAL {
            return Err(format!(
                "a proxy is told a user and a password, each of at most {CREDENTIAL} bytes"
            ));
        }
        if text.iter().any(u8::is_ascii_control) {
            return Err("a user or a password for a proxy has no control characters".to_owned());
        }
        Ok(Self {
            user: user.to_vec().into(),
            password: password.to_vec().into(),
        })
    }
}

/// The host as an address, when it is one.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}
