//! A borrowed reader of certificates: total on hostile input, allocates nothing.
//!
//! It reads what the connection itself needs, webpki judges the rest: the public key, because
//! handshake signatures of certificates that webpki refuses must still be checked, and names and
//! times, to say which certificate an error belongs to.

use core::time::Duration;

use rustls_pki_types::UnixTime;

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const SET: u8 = 0x31;
/// `id-at-commonName`, 2.5.4.3 (RFC 5280 §A.1).
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const VERSION: u8 = 0xa0;

/// Reads tag, length and value after one another. Lengths are definite and minimal (X.690 §10.1).
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element: its tag, its value, and all of its bytes.
    pub(crate) fn element(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let whole = self.0;
        let (&[tag, first], mut rest) = whole.split_first_chunk::<2>()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let len = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=3).contains(&count) {
                return None;
            }
            let (bytes, after) = rest.split_at_checked(count)?;
            rest = after;
            let len = bytes
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            if len < 0x80 || bytes[0] == 0 {
                return None;
            }
            len
        };
        let (value, after) = rest.split_at_checked(len)?;
        self.0 = after;
        let all = whole.get(..whole.len() - after.len())?;
        Some((tag, value, all))
    }

    /// The value of the next element, which must have this tag.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        match self.element()? {
            (found, value, _) if found == tag => Some(value),
            _ => None,
        }
    }

    fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }
}

/// A subject's public key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicKey<'a> {
    /// The whole SubjectPublicKeyInfo.
    pub(crate) spki: &'a [u8],
    /// The AlgorithmIdentifier, without its SEQUENCE header.
    pub(crate) algorithm: &'a [u8],
    /// The key itself, without the count of unused bits.
    pub(crate) key: &'a [u8],
}

/// A certificate's fields (RFC 5280 §4.1), as far as they are needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    /// Issuer, whole.
    pub(crate) issuer: &'a [u8],
    /// Subject, whole.
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: Option<UnixTime>,
    pub(crate) not_after: Option<UnixTime>,
    pub(crate) public_key: PublicKey<'a>,
}

impl<'a> Certificate<'a> {
    /// `None` for what is not a certificate.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut certificate = Reader::new(Reader::new(der).read(SEQUENCE)?);
        let mut tbs = Reader::new(certificate.read(SEQUENCE)?);
        if tbs.next_is(VERSION) {
            tbs.element()?;
        }
        tbs.element()?; // serial number
        tbs.read(SEQUENCE)?; // signature algorithm
        let (_, _, issuer) = tbs.element()?;
        let mut validity = Reader::new(tbs.read(SEQUENCE)?);
        let not_before = time(validity.element()?);
        let not_after = time(validity.element()?);
        let (_, _, subject) = tbs.element()?;
        let (_, info, spki) = tbs.element()?;
        let mut info = Reader::new(info);
        let algorithm = info.read(SEQUENCE)?;
        let (unused_bits, key) = info.read(BIT_STRING)?.split_first()?;
        if *unused_bits != 0 {
            return None;
        }
        Some(Self {
            issuer,
            subject,
            not_before,
            not_after,
            public_key: PublicKey {
                spki,
                algorithm,
                key,
            },
        })
    }

    /// Issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// The first common name of the subject that is UTF-8.
    pub(crate) fn common_name(&self) -> Option<&'a str> {
        let mut names = Reader::new(Reader::new(self.subject).read(SEQUENCE)?);
        while let Some(set) = names.read(SET) {
            let mut set = Reader::new(set);
            while let Some(attribute) = set.read(SEQUENCE) {
                let mut attribute = Reader::new(attribute);
                if attribute.read(OBJECT_IDENTIFIER)? != COMMON_NAME {
                    continue;
                }
                if let (UTF8_STRING | PRINTABLE_STRING, name, _) = attribute.element()? {
                    return core::str::from_utf8(name).ok();
                }
            }
        }
        None
    }
}

/// A validity time (RFC 5280 §4.1.2.5): `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time((tag, value, _): (u8, &[u8], &[u8])) -> Option<UnixTime> {
    let mut digits = value
        .strip_suffix(b"Z")?
        .chunks_exact(2)
        .map(|pair| match *pair {
            [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u64::from((a - b'0') * 10 + (b - b'0'))),
            _ => None,
        });
    let mut next = || digits.next()?;
    let year = match (tag, value.len()) {
        (UTC_TIME, 13) => match next()? {
            year @ 0..50 => 2000 + year,
            year => 1900 + year,
        },
        (GENERALIZED_TIME, 15) => next()? * 100 + next()?,
        _ => return None,
    };
    let (month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [
        31,
        if leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let month = usize::try_from(month.checked_sub(1)?).ok()?;
    let length = *lengths.get(month)?;
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years = year.checked_sub(1970)?;
    // Leap days before this year, counted from the year 1.
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let days = years * 365 + leaps(year - 1) - leaps(1969)
        + lengths[..month].iter().sum::<u64>()
        + (day - 1);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
