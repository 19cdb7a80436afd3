//! Why something could not be loaded.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sslcore::RevocationListError;

/// Why certificates or a private key could not be loaded: which file, which block of it, and what
/// is wrong with it.
///
/// `Display` says all of that in one line, with the path in quotes and control characters escaped.
///
/// ```
/// use sslcore_std::trust::{self, LoadErrorKind};
///
/// # let files = sslcore_tests::peer::Scratch::new();
/// # let text = sslcore_tests::openssl::ca_pem().replace("MII", "M!!");
/// # let path = files.file("ca.pem", text);
/// let error = trust::certificates_from_file(&path).expect_err("an exclamation mark");
/// assert_eq!(error.path().and_then(|path| path.to_str()), Some(&*path));
/// let place = error.place().expect("in a block of PEM");
/// assert_eq!((place.block, place.line), (1, 1));
/// assert!(matches!(error.kind(), LoadErrorKind::NotBase64(_)));
/// println!("{error}"); // "/tmp/…/ca.pem", block 1 (line 1): the content is not base64 (…)
/// ```
#[derive(Debug)]
pub struct LoadError {
    path: Option<PathBuf>,
    place: Option<Place>,
    kind: LoadErrorKind,
}

/// The position of a block in a PEM file; both numbers count from 1. The example of [`LoadError`]
/// shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the block, among blocks of all kinds.
    pub block: usize,
    /// The number of the line with the `-----BEGIN` of the block.
    pub line: usize,
}

/// The error in a file, or in a block of it. The example of [`LoadError`] shows it.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file does not exist, permission is denied, or reading failed.
    Unreadable(io::Error),
    /// The file is longer than the limit, and longer than any file of certificates should be.
    TooLarge {
        /// The number of bytes that are read at most.
        limit: u64,
    },
    /// The file has no bytes.
    Empty,
    /// The file is neither PEM nor DER.
    NeitherPemNorDer,
    /// The file has PEM blocks, or is DER, but holds no certificate.
    NoCertificate {
        /// The labels of the blocks that the file has instead, each once.
        instead: Vec<String>,
    },
    /// The file has PEM blocks, or is DER, but holds no private key.
    NoPrivateKey {
        /// The labels of the blocks that the file has instead, each once.
        instead: Vec<String>,
    },
    /// The file has PEM blocks, or is DER, but holds no certificate revocation list.
    NoRevocationList {
        /// The labels of the blocks that the file has instead, each once.
        instead: Vec<String>,
    },
    /// The file is PKCS#12 (`.p12`, `.pfx`), which `trust::pkcs12` reads.
    Pkcs12,
    /// The file is not PKCS#12.
    NotPkcs12,
    /// The PKCS#12 file cannot be read, for this reason.
    DamagedStore(String),
    /// The line that begins a block does not end with five hyphens.
    BadBegin,
    /// The block, or the DER, ends before it is complete.
    EndsEarly,
    /// The file has bytes after the end of the DER.
    GoesOn,
    /// The file is BER of indefinite length, as some programs write PKCS#12 (Firefox is one); only
    /// DER is read.
    Ber,
    /// The content of the block is not base64, for this reason.
    NotBase64(String),
    /// The file or block is not a certificate that can be used, for this reason.
    NotACertificate(String),
    /// The file or block is not a certificate revocation list that can be used, for this reason.
    NotARevocationList(RevocationListError),
    /// The private key is encrypted, and no passphrase was given: `private_key_with_passphrase`
    /// takes one, with the feature `encrypted-keys`.
    EncryptedKey,
    /// The passphrase is wrong, or the encrypted data is damaged: the formats cannot tell the two
    /// apart.
    WrongPassphrase,
    /// The file or block is encrypted with this algorithm, which is not supported.
    UnknownEncryption(String),
    /// The file or block begins as a private key does, and is damaged, for this reason.
    DamagedKey(&'static str),
    /// The private key is of this kind, with which TLS cannot sign.
    UnknownKey(String),
    /// The file of the certificates was given as that of the private key, and the other way round.
    Swapped {
        /// The file that holds the certificates.
        certificates_in: PathBuf,
    },
    /// The pattern of file names cannot be parsed.
    BadPattern {
        /// The position of the mistake, in characters from 0.
        position: usize,
        /// The reason.
        why: &'static str,
    },
    /// No file has this name, or matches this pattern.
    NoMatch,
    /// The folder has files, or files match the pattern, but none of them holds a certificate.
    NoneOfThem {
        /// The number of those files.
        files: usize,
    },
    /// The system's trust store, or a part of it, could not be read, for this reason.
    SystemStore(String),
}

impl LoadErrorKind {
    /// Whether the file is not damaged but something else than a file of certificates.
    pub(super) fn is_another_kind_of_file(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::NeitherPemNorDer
                | Self::NoCertificate { .. }
                | Self::Pkcs12
                | Self::Ber
        )
    }
}

impl LoadError {
    pub(super) fn new(path: impl Into<PathBuf>, kind: LoadErrorKind) -> Self {
        Self {
            path: Some(path.into()),
            place: None,
            kind,
        }
    }

    pub(super) fn at(path: &Path, place: Option<Place>, kind: LoadErrorKind) -> Self {
        Self {
            place,
            ..Self::new(path, kind)
        }
    }

    #[cfg(feature = "native-roots")]
    pub(super) fn of_system(why: String) -> Self {
        Self {
            path: None,
            place: None,
            kind: LoadErrorKind::SystemStore(why),
        }
    }

    /// The file, folder or pattern; `None` for a trust store that is not in files.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The position in the file, when the file is PEM and the error is in one of its blocks.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The error in the file or block.
    pub fn kind(&self) -> &LoadErrorKind {
        &self.kind
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, self.place) {
            (Some(path), Some(Place { block, line })) => {
                write!(f, "{path:?}, block {block} (line {line}): ")?;
            }
            (Some(path), None) => write!(f, "{path:?}: ")?,
            (None, _) => {}
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for LoadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => match error.kind() {
                io::ErrorKind::NotFound => f.write_str("this file does not exist"),
                io::ErrorKind::PermissionDenied => f.write_str("permission to read it is denied"),
                _ => write!(f, "it cannot be read: {error}"),
            },
            Self::TooLarge { limit } => write!(
                f,
                "it has more than {limit} bytes, too many for certificates and keys"
            ),
            Self::Empty => f.write_str("the file is empty"),
            Self::NeitherPemNorDer => {
                f.write_str("this is neither PEM (no line begins with \"-----BEGIN \") nor DER")
            }
            Self::NoCertificate { instead } => {
                write!(f, "there is no certificate in it, only: {}", list(instead))?;
                let has = |what| instead.iter().any(|label| label.contains(what));
                if has("CERTIFICATE REQUEST") {
                    f.write_str("; an authority answers a request with a certificate")
                } else if has("PRIVATE KEY") {
                    f.write_str("; this is a file of private keys")
                } else {
                    Ok(())
                }
            }
            Self::NoPrivateKey { instead } => {
                write!(f, "there is no private key in it, only: {}", list(instead))?;
                match instead.iter().any(|label| label == "CERTIFICATE") {
                    true => f.write_str("; this is a file of certificates"),
                    false => Ok(()),
                }
            }
            Self::NoRevocationList { instead } => write!(
                f,
                "there is no certificate revocation list in it, only: {}",
                list(instead)
            ),
            Self::Pkcs12 => f.write_str(
                "this is PKCS#12, which is not read here; \"openssl pkcs12 -nodes -in FILE\" makes \
                 PEM of it",
            ),
            Self::NotPkcs12 => f.write_str("this is not PKCS#12"),
            Self::DamagedStore(why) => write!(f, "this PKCS#12 file cannot be read ({why})"),
            Self::BadBegin => f.write_str("a line that begins a block must end with \"-----\""),
            Self::EndsEarly => f.write_str("it ends early: the file may have been cut off"),
            Self::GoesOn => f.write_str("this is DER, and there are bytes behind its end"),
            Self::Ber => f.write_str(
                "this is BER, and only DER is read here; if it is PKCS#12, \"openssl pkcs12 -nodes \
                 -in FILE\" makes PEM of it",
            ),
            Self::NotBase64(why) => write!(f, "the content is not base64 ({why})"),
            Self::NotACertificate(why) => {
                write!(f, "this is not a certificate that can be used ({why})")
            }
            Self::NotARevocationList(why) => why.fmt(f),
            Self::EncryptedKey => f.write_str(
                "this private key is encrypted, and no passphrase was given; \
                 \"openssl pkey -in FILE -out PLAIN\" makes one that is not",
            ),
            Self::WrongPassphrase => {
                f.write_str("the passphrase is wrong, or what it encrypts is damaged")
            }
            Self::UnknownEncryption(what) => {
                write!(f, "it is encrypted in a way that is not supported ({what})")
            }
            Self::DamagedKey(why) => write!(f, "this private key is damaged: {why}"),
            Self::UnknownKey(what) => write!(
                f,
                "this is not a private key that TLS can use ({what}); \
                 RSA, ECDSA and Ed25519 in PKCS#8, PKCS#1 or SEC1 are known"
            ),
            Self::Swapped { certificates_in } => write!(
                f,
                "this is the private key, and the certificates are in {certificates_in:?}: \
                 the two files are swapped"
            ),
            Self::BadPattern { position, why } => write!(
                f,
                "this is not a pattern of file names: {why}, at character {}",
                position + 1
            ),
            Self::NoMatch => f.write_str("no file matches this pattern"),
            Self::NoneOfThem { files } => {
                write!(f, "none of the {files} files here holds a certificate")
            }
            Self::SystemStore(why) => write!(f, "the system's trust store: {why}"),
        }
    }
}

/// Labels as a list; they come from files.
fn list(labels: &[String]) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|label| label.escape_debug().to_string())
        .collect();
    labels.join(", ")
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            LoadErrorKind::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl From<LoadError> for io::Error {
    fn from(error: LoadError) -> Self {
        let kind = match &error.kind {
            LoadErrorKind::Unreadable(error) => error.kind(),
            LoadErrorKind::NoMatch => io::ErrorKind::NotFound,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
