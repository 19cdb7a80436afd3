//! What a chain is judged for.

use webpki::{Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};

/// What the leaf is used for (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Server,
    Client,
}

impl Purpose {
    /// `id-kp-serverAuth` or `id-kp-clientAuth`.
    pub(super) const fn id(self) -> &'static [u8] {
        match self {
            Self::Server => &[0x2b, 6, 1, 5, 5, 7, 3, 1],
            Self::Client => &[0x2b, 6, 1, 5, 5, 7, 3, 2],
        }
    }
}

/// What certificates must be for; without a purpose every one is good. One type for both, so that
/// webpki's search is in the program once.
pub(super) struct Usage(pub(super) Option<Purpose>);

impl ExtendedKeyUsageValidator for Usage {
    fn validate(&self, ids: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        match self.0 {
            Some(Purpose::Server) => KeyUsage::server_auth().validate(ids),
            Some(Purpose::Client) => KeyUsage::client_auth().validate(ids),
            None => Ok(()),
        }
    }
}
