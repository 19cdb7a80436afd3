//! ClientHello (RFC 8446 §4.1.2): what a server chooses its configuration by, and what it checks
//! before an engine sees it.

use alloc::vec::Vec;
use core::ops::Range;

use rustls_pki_types::DnsName;

use super::extension::Extensions;
use super::{Reader, Refusal, TLS12, TLS13, check_initial, u16s};
use crate::alert::Alert;
use crate::handshake::extensions::{Place, may_change, number};
use crate::protocol::SslProtocol;
use crate::record::messages::{FRAME, MESSAGE_HEADER};

const SSL3: u16 = 0x0300;

/// The type of a server name (RFC 6066 §3).
const HOST_NAME: u8 = 0;

/// A client's first message (RFC 8446 §4.1.2), borrowed from the connection.
/// [`Connection::config_request`](crate::Connection::config_request) has an example.
#[derive(Clone, Copy, Debug)]
pub struct ClientHello<'a> {
    legacy_version: u16,
    cipher_suites: &'a [u8],
    server_name: Option<&'a str>,
    alpn: &'a [u8],
    versions: Option<&'a [u8]>,
    signature_schemes: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// The DNS name that the client asks for (SNI, RFC 6066 §3), in upper or lower case. `None` when
    /// the client asks for none, or for one that cannot be a DNS name: the name has no control
    /// characters, no spaces and no slashes. A dot at its end is left out.
    pub fn server_name(&self) -> Option<&'a str> {
        self.server_name
    }

    /// The application protocols that the client offers, in its order (RFC 7301).
    pub fn alpn(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut names = Reader::new(self.alpn, "");
        core::iter::from_fn(move || names.vector8().ok())
    }

    /// IANA's numbers of the cipher suites that the client offers, in its order.
    pub fn cipher_suites(&self) -> impl Iterator<Item = u16> + use<'a> {
        u16s(self.cipher_suites)
    }

    /// IANA's numbers of the signature schemes that the client accepts (RFC 8446 §4.2.3).
    pub fn signature_schemes(&self) -> impl Iterator<Item = u16> + use<'a> {
        u16s(self.signature_schemes)
    }

    /// Whether the client offers this protocol version.
    pub fn offers(&self, protocol: SslProtocol) -> bool {
        let wanted = match protocol {
            SslProtocol::TlsV1_2 => TLS12,
            SslProtocol::TlsV1_3 => TLS13,
        };
        match self.versions {
            Some(versions) => u16s(versions).any(|version| version == wanted),
            None => protocol == SslProtocol::TlsV1_2 && self.legacy_version >= wanted,
        }
    }
}

/// A whole ClientHello that was read once, and found to be one that may be answered.
#[derive(Debug, Default)]
pub(crate) struct HelloMessage {
    /// [`FRAME`] bytes of room, then the message with its header.
    framed: Vec<u8>,
    found: Found,
}

/// Where in `framed` the parts are.
#[derive(Debug, Default)]
struct Found {
    legacy_version: u16,
    /// Version, random, session id, cipher suites and compression methods: what a second hello
    /// must repeat.
    fixed: Range<usize>,
    cipher_suites: Range<usize>,
    extensions: Range<usize>,
    server_name: Option<Range<usize>>,
    alpn: Range<usize>,
    versions: Option<Range<usize>>,
    signature_schemes: Range<usize>,
    early_data: bool,
}

impl HelloMessage {
    /// Reads a message that has [`FRAME`] bytes of room in front.
    ///
    /// # Errors
    /// What makes it impossible to answer, with its alert.
    pub(crate) fn read(framed: Vec<u8>) -> Result<Self, Refusal> {
        let found = Found::read(&framed)?;
        Ok(Self { framed, found })
    }

    /// What it says.
    pub(crate) fn hello(&self) -> ClientHello<'_> {
        let found = &self.found;
        ClientHello {
            legacy_version: found.legacy_version,
            cipher_suites: self.part(&found.cipher_suites),
            server_name: found
                .server_name
                .as_ref()
                .and_then(|name| core::str::from_utf8(self.part(name)).ok()),
            alpn: self.part(&found.alpn),
            versions: found.versions.as_ref().map(|range| self.part(range)),
            signature_schemes: self.part(&found.signature_schemes),
        }
    }

    /// Whether data in the first flight follows it (RFC 8446 §4.2.10).
    pub(crate) fn offers_early_data(&self) -> bool {
        self.found.early_data
    }

    /// Whether it has what a server needs that answers it in TLS 1.3 (RFC 8446 §9.2). Who offers a
    /// pre-shared key may want neither certificate nor key exchange.
    ///
    /// # Errors
    /// missing_extension.
    pub(crate) fn check_tls13(&self) -> Result<(), Refusal> {
        let extensions = self.extensions();
        let has = |number| extensions.find(number).is_some();
        let groups = has(number::SUPPORTED_GROUPS);
        if groups != has(number::KEY_SHARE) {
            return Err(Refusal::missing(
                "supported_groups and key_share go together",
            ));
        }
        let certain = groups && has(number::SIGNATURE_ALGORITHMS);
        match certain || has(number::PRE_SHARED_KEY) {
            true => Ok(()),
            false => Err(Refusal::missing(
                "there are no supported_groups, or no signature_algorithms",
            )),
        }
    }

    /// The message, with [`FRAME`] bytes of room in front.
    pub(crate) fn framed(&mut self) -> &mut [u8] {
        &mut self.framed
    }

    /// Takes the second hello of a handshake with HelloRetryRequest for what it is.
    ///
    /// # Errors
    /// As for [`read`](Self::read), and illegal_parameter when it differs where it may not
    /// (RFC 8446 §4.1.2).
    pub(crate) fn read_second(&self, message: &[u8]) -> Result<Self, Refusal> {
        let second = Self::read([&[0; FRAME], message].concat())?;
        let same = self.part(&self.found.fixed) == second.part(&second.found.fixed);
        match same && self.extensions().agree(&second.extensions(), may_change) {
            true => Ok(second),
            false => Err(Refusal::illegal(
                "the second ClientHello differs from the first",
            )),
        }
    }

    /// The message, with its header.
    pub(crate) fn message(&self) -> &[u8] {
        self.framed.get(FRAME..).unwrap_or_default()
    }

    /// Its random.
    pub(crate) fn random(&self) -> [u8; 32] {
        let fixed = self.part(&self.found.fixed).get(2..);
        let random = fixed.and_then(|fixed| fixed.first_chunk());
        random.copied().unwrap_or_default()
    }

    /// Its random and its session id, which a server repeats.
    ///
    /// # Errors
    /// illegal_parameter for compression, which TLS 1.3 has not (RFC 8446 §4.1.2).
    pub(crate) fn opening(&self) -> Result<(&[u8; 32], &[u8]), Refusal> {
        let mut reader = Reader::new(self.part(&self.found.fixed), "the ClientHello is damaged");
        reader.u16()?;
        let random = reader.array()?;
        let session_id = reader.vector8()?;
        reader.vector16()?;
        match reader.vector8()? {
            [0] => Ok((random, session_id)),
            _ => Err(Refusal::illegal("compression in TLS 1.3")),
        }
    }

    pub(crate) fn extensions(&self) -> Extensions<'_> {
        Extensions::of_whole(self.part(&self.found.extensions))
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.framed.get(range.clone()).unwrap_or_default()
    }
}

impl Found {
    fn read(framed: &[u8]) -> Result<Self, Refusal> {
        // Slices of `framed` by their place in it: what follows them is as long as `rest`.
        let place = |part: &[u8], rest: &Reader<'_>| {
            let end = framed.len() - rest.left();
            end - part.len()..end
        };
        let mut reader = Reader::new(framed, "the ClientHello is damaged");
        reader.take(FRAME + MESSAGE_HEADER)?;
        let start = framed.len() - reader.left();
        let mut found = Self {
            legacy_version: reader.u16()?,
            ..Self::default()
        };
        reader.take(32)?;
        if reader.vector8()?.len() > 32 {
            return Err(Refusal::decode("a session id has at most 32 bytes"));
        }
        let suites = reader.vector16()?;
        found.cipher_suites = place(reader.pairs(suites)?, &reader);
        let compression = reader.vector8()?;
        if !reader.filled(compression)?.contains(&0) {
            return Err(Refusal::illegal("the ClientHello insists on compression"));
        }
        found.fixed = start..framed.len() - reader.left();
        if !reader.is_empty() {
            let block = reader.vector16()?;
            found.extensions = place(block, &reader);
            reader.end()?;
            let at = found.extensions.start;
            found.read_extensions(block, at)?;
        }
        found.check_version()?;
        Ok(found)
    }

    /// Reads the extensions in `block`, which lies at `at`.
    fn read_extensions(&mut self, block: &[u8], at: usize) -> Result<(), Refusal> {
        let mut at = at;
        let mut last = None;
        let extensions = Extensions::read(block)?;
        extensions.belong(Place::ClientHello)?;
        for (number, content) in extensions.iter() {
            at += 4;
            let end = at + content.len();
            let place = |part: &[u8], behind: usize| end - behind - part.len()..end - behind;
            match number {
                number::SERVER_NAME => {
                    let mut reader = Reader::new(content, "the server name is damaged");
                    let names = reader.vector16()?;
                    let mut names =
                        Reader::new(reader.filled(names)?, "the server name is damaged");
                    reader.end()?;
                    // RFC 6066 §3: host_name is the only type there ever was. What names of
                    // another would look like is not known, nor where they would end.
                    if names.u8()? == HOST_NAME {
                        let name = names.vector16()?;
                        let place = place(names.filled(name)?, names.left());
                        // The name is absolute without the dot that RFC 6066 §3 forbids, and that
                        // rustls leaves out, too.
                        let end = place.end - usize::from(name.ends_with(b"."));
                        // Whatever else stands there is for nobody to show or to look up.
                        let is_name = DnsName::try_from(name).is_ok();
                        self.server_name = is_name.then_some(place.start..end);
                        if names.u8() == Ok(HOST_NAME) {
                            return Err(Refusal::illegal("more than one server name"));
                        }
                    }
                }
                number::ALPN => {
                    let mut reader = Reader::new(content, "the application protocols are damaged");
                    let list = reader.vector16()?;
                    self.alpn = place(reader.filled(list)?, 0);
                    reader.end()?;
                    let mut names = Reader::new(list, "the application protocols are damaged");
                    while !names.is_empty() {
                        let name = names.vector8()?;
                        names.filled(name)?;
                    }
                }
                number::SUPPORTED_VERSIONS => {
                    let mut reader = Reader::new(content, "the supported versions are damaged");
                    let list = reader.vector8()?;
                    self.versions = Some(place(reader.pairs(list)?, 0));
                    reader.end()?;
                }
                number::SIGNATURE_ALGORITHMS => {
                    let mut reader = Reader::new(content, "the signature algorithms are damaged");
                    let list = reader.vector16()?;
                    self.signature_schemes = place(reader.pairs(list)?, 0);
                    reader.end()?;
                }
                number::CERTIFICATE_AUTHORITIES => {
                    let damaged = "the certificate authorities are damaged";
                    let mut reader = Reader::new(content, damaged);
                    let list = reader.vector16()?;
                    let mut names = Reader::new(reader.filled(list)?, damaged);
                    reader.end()?;
                    while !names.is_empty() {
                        let name = names.vector16()?;
                        names.filled(name)?;
                    }
                }
                number::EARLY_DATA => {
                    Reader::new(content, "early_data is not empty").end()?;
                    self.early_data = true;
                }
                number::RENEGOTIATION_INFO => check_initial(content)?,
                _ => {}
            }
            last = Some(number);
            at = end;
        }
        let has_psk = extensions.find(number::PRE_SHARED_KEY).is_some();
        match has_psk && last != Some(number::PRE_SHARED_KEY) {
            true => Err(Refusal::illegal("pre_shared_key is not the last extension")),
            false => Ok(()),
        }
    }

    /// RFC 8446 §D.5 and RFC 5246 §E.1: who speaks nothing newer than TLS 1.1 is told about the
    /// version, whatever else its hello lacks.
    fn check_version(&self) -> Result<(), Refusal> {
        let too_old = match self.versions {
            Some(_) => self.legacy_version == SSL3,
            None => self.legacy_version < TLS12,
        };
        match too_old {
            true => Err(Refusal::new(
                Alert::ProtocolVersion,
                "the client speaks nothing newer than TLS 1.1",
            )),
            false => Ok(()),
        }
    }
}
