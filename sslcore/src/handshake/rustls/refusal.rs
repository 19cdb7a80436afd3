//! How a certificate whose key is useless gets out of rustls with all that is to be said of it.
//!
//! rustls shows the chain to the verifier alone, and forgets it when that refuses; the verifier is
//! shared by all connections of a configuration. But its error comes back to the connection, and
//! that carries a number: without `std`, rustls has no error that could carry more.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rustls::Error;
use spin::Mutex;

use crate::handshake::RefusedPeer;
use crate::verify::SslError;

/// What such an error begins with; behind it come the number and the reason.
const REFUSAL: &str = "peer key ";

/// The chains that the verifier has refused. Each connection fetches its own in the call in which
/// it was refused, so there are never more than connections at work at the same time.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    numbers: u64,
    refused: Vec<(u64, RefusedPeer)>,
}

impl Refusals {
    /// The error to refuse this peer with.
    pub(super) fn put(&self, refused: RefusedPeer) -> Error {
        let reason = reason(&refused.error);
        let mut kept = self.0.lock();
        kept.numbers += 1;
        let number = kept.numbers;
        kept.refused.push((number, refused));
        Error::General(format!("{REFUSAL}{number}: {reason}"))
    }

    /// What was refused with this error, once.
    pub(super) fn take(&self, error: &Error) -> Option<RefusedPeer> {
        let (number, _) = read(error)?;
        let refused = &mut self.0.lock().refused;
        let found = refused.iter().position(|(whose, _)| *whose == number)?;
        Some(refused.swap_remove(found).1)
    }
}

/// What is wrong with the key, without saying that it is the key.
fn reason(error: &SslError) -> String {
    if !cfg!(feature = "texts") {
        return String::new();
    }
    let explanation = error.explanation().to_string();
    let kind = error.kind().text();
    let reason = explanation.strip_prefix(kind).unwrap_or(&explanation);
    reason.trim_start_matches([':', ' ']).to_string()
}

fn read(error: &Error) -> Option<(u64, &str)> {
    let Error::General(text) = error else {
        return None;
    };
    let (number, reason) = text.strip_prefix(REFUSAL)?.split_once(':')?;
    Some((number.parse().ok()?, reason.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::SslErrorKind;
    use crate::x509::certificate::Certificate;

    #[test]
    fn each_error_gives_its_own_chain_and_once() {
        let refusals = Refusals::default();
        let [one, other] = [1, 2].map(|byte| Certificate::from_der(Vec::from([byte])));
        let refuse = |chain: &[Certificate]| {
            let error = SslError::new(SslErrorKind::UnsupportedAlgorithm, None);
            let chain = chain.to_vec();
            refusals.put(RefusedPeer { chain, error })
        };
        let first = refuse(core::slice::from_ref(&one));
        let second = refuse(&[other.clone(), one.clone()]);
        let chain = |error| {
            let refused = refusals.take(error)?;
            assert_eq!(refused.error.kind(), SslErrorKind::UnsupportedAlgorithm);
            Some(refused.chain)
        };
        assert_eq!(chain(&second), Some(Vec::from([other, one.clone()])));
        assert_eq!(chain(&second), None);
        assert_eq!(chain(&first), Some(Vec::from([one])));
        assert_eq!(chain(&Error::DecryptError), None);
        assert_eq!(chain(&Error::General("peer key x: y".into())), None);
    }
}
