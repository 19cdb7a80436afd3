//! Shared builders of the tests: certificates, configurations, pairs of connections in memory
//! with a clock of their own, and programs of other libraries as peers over TCP.

pub mod babble;
pub mod between;
pub mod cases;
pub mod certs;
pub mod chains;
pub mod chromium;
pub mod effort;
#[cfg(feature = "rustcrypto")]
pub mod entropy;
pub mod flaws;
pub mod forge;
pub mod gnutls;
pub mod hello;
pub mod judging;
#[cfg(feature = "offload")]
pub mod kernel;
#[cfg(unix)]
pub mod measured;
pub mod middle;
pub mod module;
pub mod network;
pub mod nss;
pub mod numbers;
pub mod openssl;
pub mod pair;
pub mod peer;
#[cfg(unix)]
pub mod peers;
pub mod plot;
pub mod psk;
#[cfg(feature = "testing")]
pub mod recorded;
pub mod records;
pub mod rustls_ends;
pub mod scarce;
pub mod sealing;
#[cfg(feature = "testing")]
pub mod transcripts;
pub mod useless;
pub mod view;
pub mod watched;
pub mod wiped;
pub mod wire;
