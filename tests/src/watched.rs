//! A backend that is watched: what it is asked for is noted, and fails when it is told to, at the n-th
//! call of an operation, once or from then on.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::{Arc, LazyLock};

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, OutboundOpaqueMessage, OutboundPlainMessage, Tls12AeadAlgorithm,
    Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock, OutputLengthError};
use rustls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, CryptoProvider, GetRandomFailed, KeyProvider,
    SecureRandom, SharedSecret, SupportedKxGroup, WebPkiSupportedAlgorithms, hmac,
};
use rustls::sign::{Signer, SigningKey};
use rustls::{
    ConnectionTrafficSecrets, Error, NamedGroup, ProtocolVersion, SignatureAlgorithm,
    SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm,
};
use sslcore::crypto::{AeadError, Backend, NONCE_LEN, RecordAead, TAG_LEN};

use crate::pair::backend;

/// What a backend is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Random numbers.
    Random,
    /// A private key is loaded.
    Load,
    /// A scheme to sign in is chosen; to fail is to have none.
    Choose,
    /// A handshake is signed.
    Sign,
    /// A signature is verified, of a handshake or of a certificate.
    Verify,
    /// A key share is generated.
    Generate,
    /// A shared secret is agreed on.
    Agree,
    /// TLS 1.3 expands a secret (HKDF-Expand).
    Expand,
    /// rustls hands a traffic key over.
    Extract,
    /// rustls seals a record of the handshake.
    Encrypt,
    /// rustls opens a record of the handshake.
    Decrypt,
    /// An AEAD of the record layer is made.
    MakeAead,
    /// The record layer seals.
    Seal,
    /// The record layer opens.
    Open,
}

impl Operation {
    /// Whether it is one of a public key's, which take most of a handshake's time.
    pub fn is_public_key(self) -> bool {
        matches!(
            self,
            Self::Sign | Self::Verify | Self::Generate | Self::Agree
        )
    }

    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::Random,
        Self::Load,
        Self::Choose,
        Self::Sign,
        Self::Verify,
        Self::Generate,
        Self::Agree,
        Self::Expand,
        Self::Extract,
        Self::Encrypt,
        Self::Decrypt,
        Self::MakeAead,
        Self::Seal,
        Self::Open,
    ];
}

/// What is to fail.
#[derive(Clone, Copy)]
struct Plan {
    operation: Operation,
    /// How many calls until it does.
    left: usize,
    /// Whether all later calls fail, too.
    lasting: bool,
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    /// What was asked for since somebody wants to know.
    static ASKED: RefCell<Option<Vec<Operation>>> = const { RefCell::new(None) };
}

/// What the work comes to, and what [`watched`] backends were asked for on this thread meanwhile.
pub fn watch<T>(work: impl FnOnce() -> T) -> (T, Vec<Operation>) {
    ASKED.set(Some(Vec::new()));
    let outcome = work();
    (outcome, ASKED.take().unwrap_or_default())
}

/// What the work comes to, and how many signatures were verified for it.
pub fn checks<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let (outcome, asked) = watch(work);
    let checks = asked.iter().filter(|it| **it == Operation::Verify);
    (outcome, checks.count())
}

/// Lets the `nth` call of an operation fail on this thread, counted from 1, and all later ones if it is
/// `lasting`.
pub fn fail(operation: Operation, nth: usize, lasting: bool) {
    PLAN.set(Some(Plan {
        operation,
        left: nth,
        lasting,
    }));
}

/// Lets nothing fail any more. Whether what was planned has failed.
pub fn failed() -> bool {
    PLAN.take().is_some_and(|plan| plan.left == 0)
}

/// Whether this call fails.
fn fails(operation: Operation) -> bool {
    ASKED.with_borrow_mut(|asked| asked.as_mut().map(|asked| asked.push(operation)));
    let Some(plan) = PLAN.get().filter(|plan| plan.operation == operation) else {
        return false;
    };
    let left = plan.left.saturating_sub(1);
    PLAN.set(Some(Plan { left, ..plan }));
    match plan.left {
        0 => plan.lasting,
        nth => nth == 1,
    }
}

/// As `Err`, what a backend says that has failed.
fn attempt(operation: Operation) -> Result<(), Error> {
    match fails(operation) {
        true => Err(Error::General("the backend has failed".into())),
        false => Ok(()),
    }
}

/// What it wraps.
struct Watched<T: ?Sized>(T);

impl<T: fmt::Debug + ?Sized> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl SecureRandom for Watched<&'static dyn SecureRandom> {
    fn fill(&self, out: &mut [u8]) -> Result<(), GetRandomFailed> {
        attempt(Operation::Random).map_err(|_| GetRandomFailed)?;
        self.0.fill(out)
    }
}

impl KeyProvider for Watched<&'static dyn KeyProvider> {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        attempt(Operation::Load)?;
        Ok(Arc::new(Watched(self.0.load_private_key(key)?)))
    }
}

impl SigningKey for Watched<Arc<dyn SigningKey>> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        attempt(Operation::Choose).ok()?;
        Some(Box::new(Watched(self.0.choose_scheme(offered)?)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl Signer for Watched<Box<dyn Signer>> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        attempt(Operation::Sign)?;
        self.0.sign(message)
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

type Verifies = &'static dyn SignatureVerificationAlgorithm;

impl SignatureVerificationAlgorithm for Watched<Verifies> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        attempt(Operation::Verify).map_err(|_| InvalidSignature)?;
        self.0.verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

impl SupportedKxGroup for Watched<&'static dyn SupportedKxGroup> {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        attempt(Operation::Generate)?;
        Ok(Box::new(Watched(self.0.start()?)))
    }

    fn start_and_complete(&self, peer: &[u8]) -> Result<CompletedKeyExchange, Error> {
        attempt(Operation::Generate)?;
        attempt(Operation::Agree)?;
        self.0.start_and_complete(peer)
    }

    fn name(&self) -> NamedGroup {
        self.0.name()
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        self.0.usable_for_version(version)
    }
}

impl ActiveKeyExchange for Watched<Box<dyn ActiveKeyExchange>> {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        attempt(Operation::Agree)?;
        self.0.complete(peer)
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        self.0.hybrid_component()
    }

    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        attempt(Operation::Agree)?;
        self.0.complete_hybrid_component(peer)
    }

    fn pub_key(&self) -> &[u8] {
        self.0.pub_key()
    }

    fn group(&self) -> NamedGroup {
        self.0.group()
    }
}

impl Hkdf for Watched<&'static dyn Hkdf> {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        Box::new(Watched(self.0.extract_from_zero_ikm(salt)))
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        Box::new(Watched(self.0.extract_from_secret(salt, secret)))
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(Watched(self.0.expander_for_okm(okm)))
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> hmac::Tag {
        self.0.hmac_sign(key, message)
    }
}

impl HkdfExpander for Watched<Box<dyn HkdfExpander>> {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        attempt(Operation::Expand).map_err(|_| OutputLengthError)?;
        self.0.expand_slice(info, output)
    }

    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        self.0.expand_block(info)
    }

    fn hash_len(&self) -> usize {
        self.0.hash_len()
    }
}

/// A traffic key handed over, or not.
fn extract(
    extracted: Result<ConnectionTrafficSecrets, UnsupportedOperationError>,
) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
    attempt(Operation::Extract).map_err(|_| UnsupportedOperationError)?;
    extracted
}

impl Tls13AeadAlgorithm for Watched<&'static dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Watched(self.0.encrypter(key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Watched(self.0.decrypter(key, iv)))
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        extract(self.0.extract_keys(key, iv))
    }
}

impl Tls12AeadAlgorithm for Watched<&'static dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Watched(self.0.encrypter(key, iv, extra)))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Watched(self.0.decrypter(key, iv)))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.0.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        extract(self.0.extract_keys(key, iv, explicit))
    }
}

impl MessageEncrypter for Watched<Box<dyn MessageEncrypter>> {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        seq: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        attempt(Operation::Encrypt)?;
        self.0.encrypt(message, seq)
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.0.encrypted_payload_len(payload_len)
    }
}

impl MessageDecrypter for Watched<Box<dyn MessageDecrypter>> {
    fn decrypt<'a>(
        &mut self,
        message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        attempt(Operation::Decrypt)?;
        self.0.decrypt(message, seq)
    }
}

impl RecordAead for Watched<Box<dyn RecordAead>> {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        attempt(Operation::Seal).map_err(|_| AeadError)?;
        self.0.seal(nonce, aad, body)
    }

    fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], body: &mut [u8]) -> Result<(), AeadError> {
        attempt(Operation::Open).map_err(|_| AeadError)?;
        self.0.open(nonce, aad, body)
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn suite(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    match suite {
        SupportedCipherSuite::Tls13(suite) => {
            let common = rustls::crypto::CipherSuiteCommon { ..suite.common };
            SupportedCipherSuite::Tls13(leak(Tls13CipherSuite {
                common,
                hkdf_provider: leak(Watched(suite.hkdf_provider)),
                aead_alg: leak(Watched(suite.aead_alg)),
                quic: None,
            }))
        }
        SupportedCipherSuite::Tls12(suite) => {
            let common = rustls::crypto::CipherSuiteCommon { ..suite.common };
            SupportedCipherSuite::Tls12(leak(Tls12CipherSuite {
                common,
                kx: suite.kx,
                sign: suite.sign,
                prf_provider: suite.prf_provider,
                aead_alg: leak(Watched(suite.aead_alg)),
            }))
        }
    }
}

fn verifying(algorithms: &[Verifies]) -> &'static [Verifies] {
    let watched = algorithms.iter().map(|it| leak(Watched(*it)) as Verifies);
    watched.collect::<Vec<_>>().leak()
}

/// The backend of the tests, which tells [`watch`], and fails where [`fail`] says.
pub fn watched() -> Backend {
    static WATCHED: LazyLock<Backend> = LazyLock::new(|| {
        let mut provider = CryptoProvider::clone(backend().provider());
        for suite_of in &mut provider.cipher_suites {
            *suite_of = suite(*suite_of);
        }
        for group in &mut provider.kx_groups {
            *group = leak(Watched(*group));
        }
        let known = provider.signature_verification_algorithms;
        let mapping = known.mapping.iter();
        let mapping = mapping.map(|(scheme, algorithms)| (*scheme, verifying(algorithms)));
        provider.signature_verification_algorithms = WebPkiSupportedAlgorithms {
            all: verifying(known.all),
            mapping: mapping.collect::<Vec<_>>().leak(),
        };
        provider.secure_random = leak(Watched(provider.secure_random));
        provider.key_provider = leak(Watched(provider.key_provider));
        Backend::custom("watched", provider, |algorithm, key| {
            attempt(Operation::MakeAead).map_err(|_| AeadError)?;
            Ok(Box::new(Watched(backend().aead(algorithm, key)?)))
        })
    });
    WATCHED.clone()
}
