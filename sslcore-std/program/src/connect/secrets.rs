//! `--record-secrets`: connections with all that passes, in a file, to be replayed.

#[cfg(feature = "record-secrets")]
pub(super) use self::recorded::{Draft, Secrets};
#[cfg(not(feature = "record-secrets"))]
pub(super) use self::unrecorded::{Draft, Secrets};

#[cfg(feature = "record-secrets")]
mod recorded {
    use std::collections::BTreeSet;
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex, PoisonError};

    use sslcore_std::SslSocket;
    use sslcore_std::sslcore::Connection;
    use sslcore_std::sslcore::crypto::Backend;

    use super::super::report::{Report, Trouble, Warning};
    use crate::entropy::Seed;
    use crate::identity::Identity;
    use crate::journal::{Header, anchor_line};
    use crate::judge::Terms;
    use crate::plan::Plan;
    use crate::text::Fingerprint;

    /// What is wanted, before it is known that the configuration is a good one.
    pub(crate) struct Draft<'a> {
        wanted: Option<(&'a Path, Seed)>,
        client_certificate: Option<Fingerprint>,
    }

    impl<'a> Draft<'a> {
        pub(crate) fn new(
            path: Option<&'a Path>,
            identity: Option<&Identity>,
        ) -> Result<Self, Trouble> {
            let seeded = |path| Seed::fresh().map(|seed| (path, seed));
            let wanted = path.map(seeded).transpose().map_err(Trouble::usage)?;
            let own = identity.and_then(|(chain, _)| chain.first());
            let client_certificate = own.map(|own| Fingerprint::of(own));
            Ok(Self {
                wanted,
                client_certificate,
            })
        }

        /// What connections are encrypted with.
        pub(crate) fn backend(&self) -> Backend {
            match &self.wanted {
                Some((_, seed)) => seed.backend(),
                None => sslcore_std::default_backend(),
            }
        }

        /// Begins the file, if one is wanted, and warns.
        pub(crate) fn begin(
            self,
            plan: &Plan,
            report: &Report,
        ) -> Result<Option<Secrets>, Trouble> {
            let Some((path, seed)) = self.wanted else {
                return Ok(None);
            };
            let header = Header {
                seed,
                plan: plan.clone(),
                client_certificate: self.client_certificate,
            };
            let secrets = Secrets::create(path, &header);
            let secrets = secrets.map_err(|error| Trouble::usage(refusal(path, &error)))?;
            report.tell(&Warning(format!(
                "{path:?} will hold every secret of this session and all that is said in it: whoever \
                 reads it can read the session"
            )));
            Ok(Some(secrets))
        }
    }

    fn refusal(path: &Path, error: &io::Error) -> String {
        match error.kind() {
            io::ErrorKind::AlreadyExists => format!(
                "{path:?} is there already: secrets are recorded in a new file, which is nobody \
                 else's to read"
            ),
            _ => cannot_be_written(path, error),
        }
    }

    fn cannot_be_written(path: &Path, error: &io::Error) -> String {
        format!("the secret recording {path:?} cannot be written: {error}")
    }

    /// The file.
    #[derive(Clone)]
    pub(crate) struct Secrets(Arc<Inner>);

    struct Inner {
        path: PathBuf,
        written: Mutex<Written>,
    }

    struct Written {
        file: File,
        /// The anchors that are in it.
        anchors: BTreeSet<usize>,
        /// Why something is missing, the first time.
        missing: Option<io::Error>,
    }

    impl Secrets {
        /// A new file, which others cannot read from its first moment on. It is no link to another.
        fn create(path: &Path, header: &Header) -> io::Result<Self> {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path)?;
            file.write_all(header.text().as_bytes())?;
            Ok(Self(Arc::new(Inner {
                path: path.to_owned(),
                written: Mutex::new(Written {
                    file,
                    anchors: BTreeSet::new(),
                    missing: None,
                }),
            })))
        }

        /// Takes the file away again when another would be written over it.
        pub(crate) fn keep_apart_from(&self, outline: &Path) -> Result<(), Trouble> {
            let own = &self.0.path;
            let same = match (own.canonicalize(), outline.canonicalize()) {
                (Ok(own), Ok(outline)) => own == outline,
                // The outline is not there yet, so it is no other name of a file that is.
                _ => false,
            };
            if !same {
                return Ok(());
            }
            // It has nothing of a connection yet.
            let _ = std::fs::remove_file(own);
            let why = format!("--record and --record-secrets are two files, and {own:?} is one");
            Err(Trouble::usage(why))
        }

        /// Has all of this connection written down, which has not begun yet.
        pub(crate) fn transcribe(&self, socket: &mut SslSocket) -> io::Result<()> {
            let to = self.clone();
            let transcribed = socket.transcribe("settings above", move |text| to.write(text));
            transcribed.map_err(io::Error::other)
        }

        /// Writes down the certificates that this connection may have been verified by: those that bear
        /// the name of an issuer of the chain, or are in it.
        pub(crate) fn anchors(&self, connection: &Connection, terms: &Terms) {
            let chain = connection.peer_certificate_chain();
            for (at, anchor) in terms.anchors_of(chain) {
                if self.lock().anchors.insert(at) {
                    self.write(&anchor_line(anchor));
                }
            }
        }

        /// Why the file is not complete.
        pub(crate) fn gap(&self) -> Option<String> {
            let written = self.lock();
            let error = written.missing.as_ref()?;
            Some(cannot_be_written(&self.0.path, error))
        }

        /// What cannot be written is missing; the connection does not depend on it.
        fn write(&self, text: &str) {
            let mut written = self.lock();
            if let Err(error) = written.file.write_all(text.as_bytes()) {
                written.missing.get_or_insert(error);
            }
        }

        fn lock(&self) -> std::sync::MutexGuard<'_, Written> {
            let written = self.0.written.lock();
            written.unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(not(feature = "record-secrets"))]
mod unrecorded {
    use std::io;
    use std::marker::PhantomData;
    use std::path::Path;

    use sslcore_std::SslSocket;
    use sslcore_std::sslcore::Connection;
    use sslcore_std::sslcore::crypto::Backend;

    use super::super::report::{Report, Trouble};
    use crate::identity::Identity;
    use crate::judge::Terms;
    use crate::plan::Plan;

    /// Nothing is recorded.
    pub(crate) struct Draft<'a>(PhantomData<&'a Path>);

    impl<'a> Draft<'a> {
        pub(crate) fn new(path: Option<&'a Path>, _: Option<&Identity>) -> Result<Self, Trouble> {
            match path {
                None => Ok(Self(PhantomData)),
                Some(_) => Err(Trouble::usage(
                    "--record-secrets: this program was built without the feature \"record-secrets\"",
                )),
            }
        }

        pub(crate) fn backend(&self) -> Backend {
            sslcore_std::default_backend()
        }

        pub(crate) fn begin(self, _: &Plan, _: &Report) -> Result<Option<Secrets>, Trouble> {
            Ok(None)
        }
    }

    /// A file that there is never.
    pub(crate) enum Secrets {}

    impl Secrets {
        pub(crate) fn keep_apart_from(&self, _: &Path) -> Result<(), Trouble> {
            match *self {}
        }

        pub(crate) fn transcribe(&self, _: &mut SslSocket) -> io::Result<()> {
            match *self {}
        }

        pub(crate) fn anchors(&self, _: &Connection, _: &Terms) {
            match *self {}
        }

        pub(crate) fn gap(&self) -> Option<String> {
            match *self {}
        }
    }
}
