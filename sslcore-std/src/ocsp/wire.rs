//! A BasicOCSPResponse, taken apart (RFC 6960 §4.2.1).
//!
//! x509-ocsp would do it whole, but it sorts the responder's name, with work that grows with the
//! square of its length, before anybody knows who has made it. So the name stays as it is encoded,
//! which is also how names are compared here.

use x509_cert::der::asn1::{BitStringRef, OctetString};
use x509_cert::der::{self, AnyRef, Decode, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged};
use x509_cert::ext::Extensions;
use x509_ocsp::{OcspGeneralizedTime, SingleResponse, Version};

/// A response as it was signed.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// What is signed, whole.
    pub(super) data: Vec<u8>,
    /// The AlgorithmIdentifier, without its SEQUENCE header.
    pub(super) algorithm: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) certificates: Vec<Vec<u8>>,
}

impl Signed {
    pub(super) fn read(basic: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(basic)?;
        let signed = reader.sequence(|fields| {
            let data = fields.tlv_bytes()?.to_vec();
            let algorithm = sequence(fields)?.to_vec();
            let signature = BitStringRef::decode(fields)?;
            let signature = signature.as_bytes().ok_or(Tag::BitString.value_error())?;
            let certificates = match fields.is_finished() {
                true => Vec::new(),
                false => certificates(AnyRef::decode(fields)?)?,
            };
            Ok(Self {
                data,
                algorithm,
                signature: signature.to_vec(),
                certificates,
            })
        })?;
        reader.finish(signed)
    }
}

/// What is in a SEQUENCE.
pub(super) fn sequence<'a>(fields: &mut impl Reader<'a>) -> der::Result<&'a [u8]> {
    let any = AnyRef::decode(fields)?;
    any.tag().assert_eq(Tag::Sequence)?;
    Ok(any.value())
}

/// `[0] EXPLICIT SEQUENCE OF Certificate`, each as it stands there.
fn certificates(tagged: AnyRef<'_>) -> der::Result<Vec<Vec<u8>>> {
    tagged.tag().assert_eq(explicit(TagNumber::N0))?;
    let mut reader = SliceReader::new(tagged.value())?;
    let all = reader.sequence(|list| {
        let mut all = Vec::new();
        while !list.is_finished() {
            all.push(list.tlv_bytes()?.to_vec());
        }
        Ok(all)
    })?;
    reader.finish(all)
}

const fn explicit(number: TagNumber) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number,
    }
}

/// What is signed: a ResponseData.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) responder: ResponderId,
    pub(super) produced_at: OcspGeneralizedTime,
    pub(super) responses: Vec<SingleResponse>,
    pub(super) extensions: Option<Extensions>,
}

/// Who says that a response is theirs.
#[derive(Clone, Debug)]
pub(super) enum ResponderId {
    /// The name's DER.
    Name(Vec<u8>),
    /// The SHA-1 of a public key.
    KeyHash(Vec<u8>),
}

impl Data {
    pub(super) fn read(data: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(data)?;
        let data = reader.sequence(|fields| {
            // There is no other version.
            fields.context_specific::<Version>(TagNumber::N0, TagMode::Explicit)?;
            Ok(Self {
                responder: ResponderId::read(AnyRef::decode(fields)?)?,
                produced_at: fields.decode()?,
                responses: fields.decode()?,
                extensions: fields.context_specific(TagNumber::N1, TagMode::Explicit)?,
            })
        })?;
        reader.finish(data)
    }
}

impl ResponderId {
    const NAME: Tag = explicit(TagNumber::N1);
    const KEY_HASH: Tag = explicit(TagNumber::N2);

    fn read(tagged: AnyRef<'_>) -> der::Result<Self> {
        let mut reader = SliceReader::new(tagged.value())?;
        match tagged.tag() {
            Self::NAME => {
                let name = reader.tlv_bytes()?;
                sequence(&mut SliceReader::new(name)?)?;
                reader.finish(Self::Name(name.to_vec()))
            }
            Self::KEY_HASH => {
                let hash = OctetString::decode(&mut reader)?;
                reader.finish(Self::KeyHash(hash.into_bytes()))
            }
            other => Err(other.value_error()),
        }
    }
}
