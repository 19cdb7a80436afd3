//! What the names of configurations say.

use core::fmt;

use crate::protocol::SslProtocol;

/// The words in a name of [`Configurations`](super::transcript::Configurations), as data. The default
/// is the empty name.
///
/// `Display` gives the name. With the feature `arbitrary` a fuzzer makes scenarios of its input, all of
/// them without real cryptography, which is slow.
///
/// ```
/// # use sslcore::SslProtocol;
/// # use sslcore::testing::transcript::{ClientCertificate, Configurations, Scenario, SharedKeys};
/// let scenario = Scenario {
///     version: Some(SslProtocol::TlsV1_3),
///     client_certificate: ClientCertificate::Accepted,
///     max_fragment: Some(100),
///     ..Scenario::default()
/// };
/// assert_eq!(scenario.to_string(), "tls13 mutual max_fragment 100");
/// assert_eq!(Scenario::named("mutual tls13 max_fragment 100"), Some(scenario));
/// assert!(Configurations::without_security(&scenario.to_string(), 1).is_some());
/// let keyed = Scenario { keys: SharedKeys::Known, ..Scenario::default() };
/// assert_eq!(keyed.to_string(), "psk");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// Only this version (`tls12`, `tls13`).
    pub version: Option<SslProtocol>,
    /// All cryptography, with random numbers from the seed (`rustcrypto`).
    pub rustcrypto: bool,
    /// The server lacks the client's first group (`retried`).
    pub retried: bool,
    /// Whether the client has a certificate, and the server trusts it (`mutual`, `refused`).
    pub client_certificate: ClientCertificate,
    /// The client trusts nobody, and asks what to do (`untrusted`).
    pub untrusted: bool,
    /// The two have had a session (`resumed`).
    pub resumed: bool,
    /// Pre-shared keys in the place of certificates (`psk`, `psk_asked`); then of the others only
    /// `tls13`, `rustcrypto`, `retried` and `max_fragment` can be said, too.
    pub keys: SharedKeys,
    /// The application of who has a certificate is asked to sign, in TLS 1.3 alone (`signature_asked`).
    pub signature_asked: bool,
    /// The longest fragments (`max_fragment 100`).
    pub max_fragment: Option<usize>,
}

/// The certificate of the client in a [`Scenario`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientCertificate {
    /// The client has none.
    #[default]
    None,
    /// The client has one that the server trusts.
    Accepted,
    /// The client has one, and the server trusts nobody.
    Refused,
}

/// Pre-shared keys in a [`Scenario`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SharedKeys {
    /// There are certificates.
    #[default]
    None,
    /// Both ends have the same key.
    Known,
    /// Both ends ask for it.
    Asked,
}

impl Scenario {
    /// The scenario of this name; `None` when a word of it is not known, or two contradict each other.
    pub fn named(name: &str) -> Option<Self> {
        let mut scenario = Self::default();
        let mut rest = name.split_whitespace();
        while let Some(word) = rest.next() {
            match word {
                "tls12" => scenario.only(SslProtocol::TlsV1_2)?,
                "tls13" => scenario.only(SslProtocol::TlsV1_3)?,
                "rustcrypto" => scenario.rustcrypto = true,
                "retried" => scenario.retried = true,
                "mutual" => scenario.certificate(ClientCertificate::Accepted)?,
                "refused" => scenario.certificate(ClientCertificate::Refused)?,
                "untrusted" => scenario.untrusted = true,
                "resumed" => scenario.resumed = true,
                "psk" => scenario.keyed(SharedKeys::Known)?,
                "psk_asked" => scenario.keyed(SharedKeys::Asked)?,
                "signature_asked" => scenario.signature_asked = true,
                "max_fragment" => scenario.max_fragment = Some(rest.next()?.parse().ok()?),
                _ => return None,
            }
        }
        scenario.is_possible().then_some(scenario)
    }

    fn keyed(&mut self, keys: SharedKeys) -> Option<()> {
        let before = core::mem::replace(&mut self.keys, keys);
        (before == SharedKeys::None || before == keys).then_some(())
    }

    /// SharedKeys leave nothing to certificates, and nobody is asked for a signature in TLS 1.2.
    fn is_possible(&self) -> bool {
        if self.signature_asked && self.version == Some(SslProtocol::TlsV1_2) {
            return false;
        }
        let certified = self.client_certificate != ClientCertificate::None
            || self.untrusted
            || self.resumed
            || self.signature_asked
            || self.version == Some(SslProtocol::TlsV1_2);
        self.keys == SharedKeys::None || !certified
    }

    fn only(&mut self, version: SslProtocol) -> Option<()> {
        let before = self.version.replace(version);
        before.is_none_or(|before| before == version).then_some(())
    }

    fn certificate(&mut self, client: ClientCertificate) -> Option<()> {
        let before = core::mem::replace(&mut self.client_certificate, client);
        (before == ClientCertificate::None || before == client).then_some(())
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let words = [
            (self.version == Some(SslProtocol::TlsV1_2), "tls12"),
            (self.version == Some(SslProtocol::TlsV1_3), "tls13"),
            (self.rustcrypto, "rustcrypto"),
            (self.retried, "retried"),
            (
                self.client_certificate == ClientCertificate::Accepted,
                "mutual",
            ),
            (
                self.client_certificate == ClientCertificate::Refused,
                "refused",
            ),
            (self.untrusted, "untrusted"),
            (self.resumed, "resumed"),
            (self.keys == SharedKeys::Known, "psk"),
            (self.keys == SharedKeys::Asked, "psk_asked"),
            (self.signature_asked, "signature_asked"),
        ];
        for (_, word) in words.into_iter().filter(|(is_said, _)| *is_said) {
            write!(f, "{between}{word}")?;
            between = " ";
        }
        match self.max_fragment {
            Some(bytes) => write!(f, "{between}max_fragment {bytes}"),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Scenario {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let [bits, fragment] = <[u8; 2]>::arbitrary(input)?;
        let scenario = Self {
            version: match bits & 3 {
                0 => None,
                1 => Some(SslProtocol::TlsV1_2),
                _ => Some(SslProtocol::TlsV1_3),
            },
            rustcrypto: false,
            retried: bits & 4 != 0,
            client_certificate: match (bits & 8 != 0, bits & 16 != 0) {
                (true, true) => ClientCertificate::Refused,
                (true, false) => ClientCertificate::Accepted,
                (false, _) => ClientCertificate::None,
            },
            untrusted: bits & 32 != 0,
            resumed: bits & 64 != 0,
            keys: match fragment & 7 {
                7 => SharedKeys::Known,
                6 => SharedKeys::Asked,
                _ => SharedKeys::None,
            },
            signature_asked: fragment & 7 == 5,
            max_fragment: (bits & 128 != 0).then(|| 1 + usize::from(fragment) * 8),
        };
        Ok(match scenario.is_possible() {
            true => scenario,
            false => Self {
                keys: SharedKeys::None,
                signature_asked: false,
                ..scenario
            },
        })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (2, Some(2))
    }
}
