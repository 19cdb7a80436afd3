//! The certificate that we present, and its key: from files, behind a passphrase perhaps.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use rustls_pki_types::CertificateDer;
use sslcore_std::sslcore::PrivateKey;
use sslcore_std::trust::{self, LoadError, LoadErrorKind};
use zeroize::Zeroizing;

use crate::files;
use crate::line;
use crate::terminal::Terminal;

/// The longest passphrase, in bytes.
const PASSPHRASE: usize = 4096;

/// A chain, our own certificate first, and its key.
pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKey);

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Present the certificates in this file to the other side, PEM or DER: our own first, its chain
    /// behind it
    #[arg(long, value_name = "FILE", value_parser = files::parser(), group = "identity")]
    cert: Option<PathBuf>,
    /// The private key for --cert, PEM or DER, if it is not in the same file
    #[arg(long, value_name = "FILE", value_parser = files::parser(), requires = "cert")]
    key: Option<PathBuf>,
    /// Present the first key of this PKCS#12 file (.p12, .pfx) and its certificates, instead of
    /// --cert and --key
    #[arg(long, value_name = "FILE", value_parser = files::parser(), group = "identity",
        conflicts_with = "key")]
    pkcs12: Option<PathBuf>,
    /// The passphrase of an encrypted --key or of --pkcs12 is the first line of this file. Without
    /// this and --passphrase-env the terminal is asked when one is needed. No option takes
    /// the passphrase itself: every user of this computer could read it in the list of processes
    #[arg(
        long,
        value_name = "FILE",
        value_parser = files::parser(),
        requires = "identity",
        conflicts_with = "passphrase_env"
    )]
    passphrase_file: Option<PathBuf>,
    /// The passphrase is the value of this environment variable
    #[arg(long, value_name = "VARIABLE", requires = "identity")]
    passphrase_env: Option<String>,
}

impl Options {
    /// Whether we present a certificate at all.
    pub(crate) fn is_given(&self) -> bool {
        self.cert.is_some() || self.pkcs12.is_some()
    }

    /// What to present; `None` when nothing is. Asks on the terminal if need be.
    ///
    /// # Errors
    /// A sentence: what cannot be used, and why.
    pub(crate) fn load(&self) -> Result<Option<Identity>, String> {
        match (&self.cert, &self.pkcs12) {
            (Some(cert), _) => self.pair(cert).map(Some),
            (None, Some(store)) => self.store(store).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn pair(&self, cert: &Path) -> Result<Identity, String> {
        let key = self.key.as_deref().unwrap_or(cert);
        match trust::identity(cert, key) {
            Err(error) if matches!(error.kind(), LoadErrorKind::EncryptedKey) => {
                self.encrypted_pair(cert, key)
            }
            other => other.map_err(said),
        }
    }

    fn encrypted_pair(&self, cert: &Path, key: &Path) -> Result<Identity, String> {
        if !cfg!(feature = "encrypted-keys") {
            return Err(format!(
                "{key:?}: this private key is encrypted, and this program was built without the \
                 feature \"encrypted-keys\"; \"openssl pkey -in FILE -out PLAIN\" makes one that is \
                 not"
            ));
        }
        let passphrase = self.passphrase(key)?;
        open_pair(cert, key, &passphrase).map_err(said)
    }

    fn store(&self, path: &Path) -> Result<Identity, String> {
        if !cfg!(feature = "pkcs12") {
            return Err(format!(
                "{path:?}: this program was built without the feature \"pkcs12\", which --pkcs12 \
                 needs; \"openssl pkcs12 -nodes -in FILE\" makes PEM of it, for --cert"
            ));
        }
        // Many files have an empty passphrase: nobody has to be asked for that.
        if self.passphrase_file.is_none() && self.passphrase_env.is_none() {
            match open_store(path, "") {
                Err(error) if matches!(error.kind(), LoadErrorKind::WrongPassphrase) => {}
                other => return other.map_err(said),
            }
        }
        let passphrase = self.passphrase(path)?;
        let passphrase = std::str::from_utf8(&passphrase).map_err(|_| {
            format!("{path:?}: the passphrase is not UTF-8, as those of PKCS#12 files are")
        })?;
        open_store(path, passphrase).map_err(said)
    }

    /// What opens this file.
    fn passphrase(&self, of: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
        if let Some(path) = &self.passphrase_file {
            let line = File::open(path).and_then(|file| line::first(file, PASSPHRASE));
            return line
                .map_err(|error| format!("the passphrase in {path:?} cannot be read: {error}"));
        }
        if let Some(variable) = &self.passphrase_env {
            return match std::env::var_os(variable) {
                Some(value) => Ok(Zeroizing::new(value.into_encoded_bytes())),
                None => Err(format!(
                    "the environment variable {variable:?} of --passphrase-env is not set"
                )),
            };
        }
        let asked = Terminal::open()
            .and_then(|terminal| terminal.ask_secretly(&format!("Passphrase for {of:?}: ")));
        asked.map_err(|error| {
            format!(
                "{of:?}: this is encrypted, and the terminal cannot be asked for the passphrase \
                 ({error}); see --passphrase-file and --passphrase-env"
            )
        })
    }
}

fn open_pair(cert: &Path, key: &Path, passphrase: &[u8]) -> Result<Identity, LoadError> {
    #[cfg(feature = "encrypted-keys")]
    return trust::identity_with_passphrase(cert, key, passphrase);
    #[cfg(not(feature = "encrypted-keys"))]
    {
        let _ = passphrase;
        trust::identity(cert, key)
    }
}

fn open_store(path: &Path, passphrase: &str) -> Result<Identity, LoadError> {
    #[cfg(feature = "pkcs12")]
    return trust::pkcs12(path, passphrase);
    #[cfg(not(feature = "pkcs12"))]
    {
        let _ = passphrase;
        trust::identity(path, path)
    }
}

/// The error, with the option that helps.
fn said(error: LoadError) -> String {
    match (error.path(), error.kind()) {
        (Some(path), LoadErrorKind::Pkcs12) => {
            format!("{path:?}: this is PKCS#12, which --pkcs12 takes")
        }
        (_, LoadErrorKind::NotPkcs12) => format!("{error}; --cert and --key take PEM and DER"),
        _ => error.to_string(),
    }
}
