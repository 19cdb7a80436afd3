//! Hello messages, taken apart and put together again: for peers that say what nobody should.

/// Types of handshake messages (RFC 8446 §B.3, RFC 5246 §7.4).
#[allow(missing_docs)]
pub mod kind {
    pub const CLIENT_HELLO: u8 = 1;
    pub const SERVER_HELLO: u8 = 2;
    pub const NEW_SESSION_TICKET: u8 = 4;
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub const CERTIFICATE: u8 = 11;
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    pub const CERTIFICATE_REQUEST: u8 = 13;
    pub const CERTIFICATE_VERIFY: u8 = 15;
    pub const FINISHED: u8 = 20;
}

/// Numbers of extensions (IANA).
#[allow(missing_docs)]
pub mod number {
    pub const SERVER_NAME: u16 = 0;
    pub const MAX_FRAGMENT_LENGTH: u16 = 1;
    pub const STATUS_REQUEST: u16 = 5;
    pub const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const SCT: u16 = 18;
    pub const EXTENDED_MASTER_SECRET: u16 = 23;
    pub const RECORD_SIZE_LIMIT: u16 = 28;
    pub const SESSION_TICKET: u16 = 35;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const COOKIE: u16 = 44;
    pub const PSK_MODES: u16 = 45;
    pub const CERTIFICATE_AUTHORITIES: u16 = 47;
    pub const OID_FILTERS: u16 = 48;
    pub const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
    pub const KEY_SHARE: u16 = 51;
    pub const RENEGOTIATION_INFO: u16 = 0xff01;
    /// One that was reserved so that nobody chokes on the unknown (RFC 8701).
    pub const GREASE: u16 = 0x5a5a;
}

/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3).
pub const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A handshake message with its header.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32).to_be_bytes();
    [&[kind, len[1], len[2], len[3]], body].concat()
}

/// `opaque<0..2^8-1>`.
pub fn vector8(body: &[u8]) -> Vec<u8> {
    [&[u8::try_from(body.len()).expect("short")], body].concat()
}

/// `opaque<0..2^16-1>`.
pub fn vector16(body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).expect("short");
    [&len.to_be_bytes(), body].concat()
}

/// `opaque<0..2^24-1>`.
pub fn vector24(body: &[u8]) -> Vec<u8> {
    message(0, body)[1..].to_vec()
}

/// Extensions in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(pub Vec<(u16, Vec<u8>)>);

impl Extensions {
    /// Takes a block apart, without its length.
    pub fn parse(mut block: &[u8]) -> Self {
        let mut all = Vec::new();
        while !block.is_empty() {
            let number = u16::from_be_bytes(take(&mut block));
            all.push((number, take16(&mut block).to_vec()));
        }
        Self(all)
    }

    /// With the length in front.
    pub fn encode(&self) -> Vec<u8> {
        let mut block = Vec::new();
        for (number, content) in &self.0 {
            block.extend(number.to_be_bytes());
            block.extend(vector16(content));
        }
        vector16(&block)
    }

    /// The content of one that is there.
    pub fn get(&mut self, number: u16) -> &mut Vec<u8> {
        let mut all = self.0.iter_mut();
        let found = all.find(|extension| extension.0 == number);
        &mut found.unwrap_or_else(|| panic!("no extension {number}")).1
    }

    /// What is said of the size of records: the limit, and the length of fragments.
    pub fn record_sizes(&mut self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        let mut content = |number| self.has(number).then(|| self.get(number).clone());
        (
            content(number::RECORD_SIZE_LIMIT),
            content(number::MAX_FRAGMENT_LENGTH),
        )
    }

    /// Whether it is there.
    pub fn has(&self, number: u16) -> bool {
        self.0.iter().any(|extension| extension.0 == number)
    }

    /// Adds one in front, since pre_shared_key must be the last.
    pub fn add(&mut self, number: u16, content: &[u8]) {
        self.0.insert(0, (number, content.to_vec()));
    }

    /// Leaves one out.
    pub fn remove(&mut self, number: u16) {
        self.0.retain(|extension| extension.0 != number);
    }
}

/// A ClientHello (RFC 8446 §4.1.2).
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    pub version: [u8; 2],
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suites: Vec<u16>,
    pub compression: Vec<u8>,
    /// Older clients have no place for them.
    pub extensions: Option<Extensions>,
}

impl ClientHello {
    /// Takes a message apart.
    pub fn parse(message: &[u8]) -> Self {
        let mut rest = &message[4..];
        Self {
            version: take(&mut rest),
            random: take(&mut rest),
            session_id: take8(&mut rest).to_vec(),
            suites: {
                let suites = take16(&mut rest).chunks(2);
                suites
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect()
            },
            compression: take8(&mut rest).to_vec(),
            extensions: (!rest.is_empty()).then(|| Extensions::parse(take16(&mut rest))),
        }
    }

    /// The extensions, which are there.
    pub fn extensions(&mut self) -> &mut Extensions {
        self.extensions.as_mut().expect("extensions")
    }

    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let suites: Vec<u8> = self
            .suites
            .iter()
            .flat_map(|suite| suite.to_be_bytes())
            .collect();
        let body = [
            &self.version[..],
            &self.random,
            &vector8(&self.session_id),
            &vector16(&suites),
            &vector8(&self.compression),
            &self
                .extensions
                .as_ref()
                .map(Extensions::encode)
                .unwrap_or_default(),
        ];
        message(kind::CLIENT_HELLO, &body.concat())
    }
}

/// A ServerHello or a HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4).
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    pub version: [u8; 2],
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suite: u16,
    pub compression: u8,
    pub extensions: Extensions,
}

impl ServerHello {
    /// Takes a message apart.
    pub fn parse(message: &[u8]) -> Self {
        let mut rest = &message[4..];
        Self {
            version: take(&mut rest),
            random: take(&mut rest),
            session_id: take8(&mut rest).to_vec(),
            suite: u16::from_be_bytes(take(&mut rest)),
            compression: take::<1>(&mut rest)[0],
            extensions: match rest {
                [] => Extensions::default(),
                _ => Extensions::parse(take16(&mut rest)),
            },
        }
    }

    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let body = [
            &self.version[..],
            &self.random,
            &vector8(&self.session_id),
            &self.suite.to_be_bytes(),
            &[self.compression],
            &self.extensions.encode(),
        ];
        message(kind::SERVER_HELLO, &body.concat())
    }

    /// Whether it asks for another ClientHello.
    pub fn is_retry(&self) -> bool {
        self.random == RETRY
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (taken, later) = rest.split_first_chunk().expect("long enough");
    *rest = later;
    *taken
}

fn take_len<'a>(rest: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, later) = rest.split_at(len);
    *rest = later;
    taken
}

fn take8<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let [len] = take(rest);
    take_len(rest, usize::from(len))
}

fn take16<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let len = u16::from_be_bytes(take(rest));
    take_len(rest, usize::from(len))
}
