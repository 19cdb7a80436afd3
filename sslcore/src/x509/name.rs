//! Distinguished names, and how they are shown to people.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::str::Chars;

use super::capitals::capital;
use super::der::{Reader, tag};

/// What the attributes of a name are called (RFC 4514 §3, RFC 4519), by the encoded identifier.
const SHORT_NAMES: [(&[u8], &str); 17] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 15], "businessCategory"),
    (&[0x55, 4, 42], "GN"),
    (&[0x55, 4, 46], "dnQualifier"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1],
        "UID",
    ),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25],
        "DC",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
        "emailAddress",
    ),
];

/// The name of a certificate's subject or issuer (RFC 5280 §4.1.2.4), as it is encoded.
///
/// Whoever made the certificate chose the name. [`Display`](fmt::Display) writes it as RFC 4514 says,
/// the most specific part first, and escapes control characters. Two names are equal when their DER
/// is; [`is_same`](Self::is_same) compares what they say.
///
/// ```
/// # use sslcore::DistinguishedName;
/// let name = DistinguishedName::from_der(b"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Mail");
/// assert_eq!(name.to_string(), "CN=Mail");
/// assert_eq!(name.values("CN").next().unwrap(), "Mail");
/// for attribute in name.attributes() {
///     println!("{:?} {:?}", attribute.name(), attribute.value());
/// }
/// // The same in another type of string, and in capitals.
/// let other = b"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x13\x04MAIL";
/// let other = DistinguishedName::from_der(other);
/// assert!(name != other && name.is_same(&other));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DistinguishedName<'a>(&'a [u8]);

impl<'a> DistinguishedName<'a> {
    /// Wraps DER as it is; nothing is read, so nothing can fail.
    pub fn from_der(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// The name's DER.
    pub fn der(&self) -> &'a [u8] {
        self.0
    }

    /// Whether both names are the same by RFC 5280 §7.1, as issuers are looked for: spacing, the type
    /// of string, and the case of Latin, Greek, Cyrillic and Armenian do not matter. Unicode is not
    /// normalised: `é` in one character is another name than `é` in two. Allocates for text that is not in UTF-8.
    pub fn is_same(&self, other: &DistinguishedName<'_>) -> bool {
        same(self.0, other.0)
    }

    /// The attributes of the name, in the order of the encoding, up to the first that cannot be read.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let (mut parts, mut part) = (Reader::of(self.0), Reader::new(&[]));
        core::iter::from_fn(move || {
            while part.is_empty() {
                part = Reader::new(parts.read(tag::SET)?);
            }
            attribute(&mut part)
        })
    }

    /// The values of all attributes with this name: `"CN"`, `"O"`, `"OU"`, `"C"`, `"L"`, `"ST"`,
    /// `"emailAddress"`, … `QSslCertificate::subjectInfo`, `issuerInfo`.
    pub fn values(&self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        self.attributes()
            .filter(move |attribute| attribute.name() == Some(name))
            .filter_map(|attribute| attribute.value())
    }
}

fn attributes(set: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    let mut set = Reader::new(set);
    core::iter::from_fn(move || attribute(&mut set))
}

fn attribute<'a>(set: &mut Reader<'a>) -> Option<Attribute<'a>> {
    let mut attribute = Reader::new(set.read(tag::SEQUENCE)?);
    let id = attribute.read(tag::OBJECT_IDENTIFIER)?;
    let (kind, value, der) = attribute.element()?;
    attribute.is_empty().then_some(Attribute {
        id,
        kind,
        value,
        der,
    })
}

/// Whether two names, whole, are the same by RFC 5280 §7.1: each relative distinguished name has
/// the same attributes, and their values the same letters, whatever they are encoded in and
/// however they are spaced and, in Latin, Greek, Cyrillic and Armenian, capitalised. (They are not
/// normalised: that takes tables that are larger than all the rest.) What cannot be read is the same only when its bytes are. Ends at
/// the first letter that is another one.
pub(crate) fn same(name: &[u8], other: &[u8]) -> bool {
    let parts = |name| Reader::new(name).read(tag::SEQUENCE);
    name == other
        || parts(name)
            .zip(parts(other))
            .is_some_and(|(name, other)| same_parts(name, other))
}

/// The same of what is in their SEQUENCEs.
pub(crate) fn same_parts(name: &[u8], other: &[u8]) -> bool {
    name == other || beyond(name, other).is_some_and(<[u8]>::is_empty)
}

/// What a name has beyond the relative distinguished names of another, all of which it begins
/// with; both are what is in their SEQUENCEs. `None` when it begins otherwise.
pub(crate) fn beyond<'a>(name: &'a [u8], base: &[u8]) -> Option<&'a [u8]> {
    let (mut name, mut base) = (Reader::new(name), Reader::new(base));
    while !base.is_empty() {
        let (part, wanted) = (name.read(tag::SET)?, base.read(tag::SET)?);
        if part != wanted && !same_part(part, wanted) {
            return None;
        }
    }
    Some(name.rest())
}

fn same_part(part: &[u8], other: &[u8]) -> bool {
    has_all(part, other) && has_all(other, part)
}

/// Whether a part can be read and has every attribute of another. Names in use have one or two in
/// a part, and in any order: that is theirs when they are encoded.
fn has_all(part: &[u8], wanted: &[u8]) -> bool {
    const MOST: usize = 8;
    let mut wanted = Reader::new(wanted);
    for _ in 0..MOST {
        if wanted.is_empty() {
            return true;
        }
        let Some(it) = attribute(&mut wanted) else {
            return false;
        };
        if !attributes(part).take(MOST).any(|other| it.is(&other)) {
            return false;
        }
    }
    wanted.is_empty()
}

impl fmt::Display for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut parts) = (Reader::of(self.0), Vec::new());
        while let Some(part) = rest.read(tag::SET) {
            parts.push(part);
        }
        for (i, part) in parts.iter().rev().enumerate() {
            if i > 0 {
                f.write_char(',')?;
            }
            for (i, attribute) in attributes(part).enumerate() {
                if i > 0 {
                    f.write_char('+')?;
                }
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

/// One attribute of a name: `O=Example`. [`DistinguishedName`] has an example.
#[derive(Clone, Copy)]
pub struct Attribute<'a> {
    id: &'a [u8],
    kind: u8,
    value: &'a [u8],
    der: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The attribute's short name, `"O"`, if a widely known one exists.
    pub fn name(&self) -> Option<&'static str> {
        let known = SHORT_NAMES.iter().find(|(id, _)| *id == self.id);
        known.map(|(_, name)| *name)
    }

    /// The attribute's value, from any type of string; `None` when it is not text. Allocates unless it is
    /// UTF-8 already.
    pub fn value(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            // Its standard was never followed; what is found in it is Latin-1.
            tag::TELETEX_STRING => wide(self.value, 1).map(Cow::Owned),
            tag::BMP_STRING => wide(self.value, 2).map(Cow::Owned),
            tag::UNIVERSAL_STRING => wide(self.value, 4).map(Cow::Owned),
            _ => self.as_str().map(Cow::Borrowed),
        }
    }

    /// Whether it is the same attribute with the same value (RFC 5280 §7.1).
    fn is(&self, other: &Self) -> bool {
        if self.id != other.id || self.der == other.der {
            return self.id == other.id;
        }
        let (Some(value), Some(other)) = (self.value(), other.value()) else {
            return false;
        };
        let (mut letters, mut others) = (Letters::new(&value), Letters::new(&other));
        loop {
            match (letters.next(), others.next()) {
                (None, None) => return true,
                (letter, other) if letter != other => return false,
                _ => {}
            }
        }
    }

    /// Its value, if it is text and encoded so that nothing need be converted.
    pub(crate) fn as_str(&self) -> Option<&'a str> {
        match self.kind {
            tag::UTF8_STRING
            | tag::PRINTABLE_STRING
            | tag::NUMERIC_STRING
            | tag::IA5_STRING
            | tag::VISIBLE_STRING => core::str::from_utf8(self.value).ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self.value()) {
            (Some(name), Some(value)) => {
                write!(f, "{name}=")?;
                escape(f, &value, "\"+,;<>\\=")
            }
            // RFC 4514 §2.3 and §2.4: dotted decimal, and the whole value in hexadecimal.
            (name, _) => {
                match name {
                    Some(name) => f.write_str(name)?,
                    None => write!(f, "{}", Dotted(self.id))?,
                }
                f.write_str("=#")?;
                self.der.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({self})")
    }
}

/// A text whose characters have so many bytes; two of two are a pair of surrogates (UTF-16).
/// `None` when the last one is not whole, or one is no character.
fn wide(bytes: &[u8], width: usize) -> Option<String> {
    let mut text = String::new();
    let mut high = None;
    for unit in bytes.chunks(width) {
        let unit = (unit.len() == width).then_some(unit)?;
        let unit = unit
            .iter()
            .fold(0, |unit, byte| unit << 8 | u32::from(*byte));
        let code = match (high.take(), unit) {
            (None, 0xd800..0xdc00) if width == 2 => {
                high = Some(unit);
                continue;
            }
            (None, unit) => unit,
            (Some(high), 0xdc00..0xe000) => 0x1_0000 + ((high & 0x3ff) << 10 | unit & 0x3ff),
            _ => return None,
        };
        text.push(char::from_u32(code)?);
    }
    high.is_none().then_some(text)
}

/// What counts of a text when it is compared (RFC 4518 §2): no small letters, one space between two
/// words, nothing that is not seen.
struct Letters<'a> {
    rest: Chars<'a>,
    /// What comes before the rest.
    next: Option<char>,
    has_begun: bool,
    space: bool,
}

impl<'a> Letters<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars(),
            next: None,
            has_begun: false,
            space: false,
        }
    }

    fn next(&mut self) -> Option<char> {
        loop {
            let c = match self.next.take() {
                Some(next) => next,
                None => self.rest.next()?,
            };
            match c {
                c if c.is_whitespace() => self.space = self.has_begun,
                c if disturbs(c) => {}
                c if core::mem::take(&mut self.space) => {
                    self.next = Some(c);
                    return Some(' ');
                }
                'ß' | 'ẞ' => {
                    self.has_begun = true;
                    self.next = Some('S');
                    return Some('S');
                }
                c => {
                    self.has_begun = true;
                    return Some(capital(c));
                }
            }
        }
    }
}

/// Writes text with the escapes of RFC 4514 §2.4: a backslash before `special` characters and
/// outer spaces, the bytes of whatever moves, hides or reverses text in hexadecimal.
pub(super) fn escape(f: &mut fmt::Formatter<'_>, text: &str, special: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        if disturbs(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                write!(f, "\\{byte:02X}")?;
            }
            continue;
        }
        let outer = (c == ' ' && (i == 0 || i == last)) || (c == '#' && i == 0);
        if special.contains(c) || outer {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

/// Control characters, and those that change what a line looks like without being seen.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// An object identifier, in dotted decimal (X.690 §8.19).
pub(crate) struct Dotted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc = 0u64;
        let mut first = true;
        for byte in self.0 {
            // No arc in use comes near this; a larger one is shown as the largest number.
            arc = arc
                .saturating_mul(128)
                .saturating_add(u64::from(byte & 0x7f));
            if byte & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (arc / 40).min(2);
                write!(f, "{root}")?;
                arc -= root * 40;
                first = false;
            }
            write!(f, ".{arc}")?;
            arc = 0;
        }
        Ok(())
    }
}
