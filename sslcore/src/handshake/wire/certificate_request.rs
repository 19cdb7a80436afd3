//! CertificateRequest (RFC 8446 §4.3.2, RFC 5246 §7.4.4): what an engine does not check of it, and
//! what it does not tell.

use alloc::boxed::Box;

use super::extension::Extensions;
use super::{Reader, Refusal};
use crate::handshake::extensions::{Place, number};
use crate::handshake::facts::Authorities;
use crate::limits;
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "the CertificateRequest is damaged";

/// What a server takes that asks for a certificate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The numbers of the schemes in which the client may sign.
    pub(crate) schemes: &'a [u8],
    /// The names of authorities, each with its length.
    pub(crate) authorities: &'a [u8],
}

/// Reads a whole message of TLS 1.3, within a handshake, where it has no context.
pub(crate) fn read_tls13(message: &[u8]) -> Result<Wanted<'_>, Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    if !reader.vector8()?.is_empty() {
        return Err(Refusal::decode("a CertificateRequest with a context"));
    }
    let extensions = Extensions::read(reader.vector16()?)?;
    reader.end()?;
    extensions.belong(Place::CertificateRequest)?;
    let mut authorities: &[u8] = &[];
    if let Some(content) = extensions.find(number::CERTIFICATE_AUTHORITIES) {
        let mut reader = Reader::new(content, DAMAGED);
        let names = reader.vector16()?;
        authorities = reader.filled(names)?;
        reader.end()?;
        let mut names = Reader::new(authorities, DAMAGED);
        while !names.is_empty() {
            let name = names.vector16()?;
            names.filled(name)?;
        }
    }
    let Some(content) = extensions.find(number::SIGNATURE_ALGORITHMS) else {
        return Err(Refusal::missing("there is no signature_algorithms"));
    };
    let mut reader = Reader::new(content, DAMAGED);
    let schemes = reader.vector16()?;
    let schemes = reader.pairs(schemes)?;
    reader.end()?;
    Ok(Wanted {
        schemes,
        authorities,
    })
}

/// Reads a whole message of TLS 1.2; nothing where it cannot be read, which the engine refuses.
pub(crate) fn read_tls12(message: &[u8]) -> Wanted<'_> {
    let read = || {
        let mut reader = Reader::new(message, DAMAGED);
        reader.take(MESSAGE_HEADER)?;
        reader.vector8()?; // types of certificates
        Ok(Wanted {
            schemes: reader.vector16()?,
            authorities: reader.vector16()?,
        })
    };
    read().unwrap_or_else(|_: Refusal| Wanted::default())
}

/// As many of these names as are kept, whole ones, if there are any.
pub(crate) fn kept(authorities: &[u8]) -> Option<Box<Authorities>> {
    let mut len = 0;
    for name in names(authorities) {
        let with_name = len + 2 + name.len();
        if with_name > limits::AUTHORITIES {
            break;
        }
        len = with_name;
    }
    let kept = authorities.get(..len).filter(|kept| !kept.is_empty())?;
    Some(Box::new(Authorities(kept.into())))
}

/// The names, in DER, up to where they cannot be read.
pub(crate) fn names(authorities: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(authorities, DAMAGED);
    core::iter::from_fn(move || reader.vector16().ok())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// So many names of this length.
    fn list(count: usize, len: u16) -> Vec<u8> {
        let name = [&len.to_be_bytes()[..], &[7].repeat(usize::from(len))].concat();
        name.repeat(count)
    }

    #[test]
    fn of_a_long_list_whole_names_are_kept() {
        for (count, len, kept_count) in [(3, 100, 3), (100, 1000, 16), (1, 20_000, 0)] {
            let kept = kept(&list(count, len));
            let kept = kept.map_or_else(Box::default, |kept| kept.0);
            assert!(kept.len() <= limits::AUTHORITIES);
            assert_eq!(names(&kept).count(), kept_count, "{count} of {len}");
            assert!(names(&kept).all(|name| name.len() == usize::from(len)));
        }
    }

    #[test]
    fn of_a_damaged_list_what_can_be_read_is_kept() {
        let mut damaged = list(2, 5);
        damaged.pop();
        let whole = kept(&damaged).expect("one is whole");
        assert_eq!(names(&whole.0).count(), 1);
        assert!(kept(&[0]).is_none());
        assert!(read_tls12(&[13, 0, 0, 2, 1, 1]).authorities.is_empty());
    }
}
