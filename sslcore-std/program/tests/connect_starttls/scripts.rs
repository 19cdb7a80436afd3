//! What servers of each protocol say, up to their "go ahead".

/// One side of a dialogue in plaintext, as the server plays it.
pub(crate) enum Act {
    Say(&'static [u8]),
    /// The client must say exactly this.
    Hear(&'static [u8]),
}

use Act::{Hear, Say};

pub(crate) struct Script {
    pub(crate) protocol: &'static str,
    /// Up to where the server decides.
    pub(crate) acts: &'static [Act],
    pub(crate) go_ahead: &'static [u8],
    /// What the client still says in plaintext before TLS.
    pub(crate) last_words: &'static [u8],
    /// What the server says instead of its "go ahead".
    pub(crate) refusal: &'static [u8],
    /// What of that the client must quote.
    pub(crate) quoted: &'static str,
}

pub(crate) const SMTP: Script = Script {
    protocol: "smtp",
    acts: &[
        Say(b"220-mail.example ESMTP\r\n220 no unsolicited mail, please\r\n"),
        Hear(b"EHLO [127.0.0.1]\r\n"),
        Say(b"250-mail.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n"),
        Hear(b"STARTTLS\r\n"),
    ],
    go_ahead: b"220 2.0.0 Ready to start TLS\r\n",
    last_words: b"",
    refusal: b"454-4.7.0 TLS is not available\r\n454 4.7.0 \x1b[31mat this time\r\n",
    quoted: r"454-4.7.0 TLS is not available\n454 4.7.0 \u{1b}[31mat this time",
};

pub(crate) const LMTP: Script = Script {
    protocol: "lmtp",
    acts: &[
        Say(b"220 mail.example LMTP\r\n"),
        Hear(b"LHLO [127.0.0.1]\r\n"),
        Say(b"250-mail.example\r\n250 STARTTLS\r\n"),
        Hear(b"STARTTLS\r\n"),
    ],
    go_ahead: b"220 2.0.0 Begin TLS negotiation now.\r\n",
    last_words: b"",
    refusal: b"502 5.5.1 no such command\r\n",
    quoted: "502 5.5.1 no such command",
};

pub(crate) const IMAP: Script = Script {
    protocol: "imap",
    acts: &[
        Say(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n"),
        Hear(b"S1 STARTTLS\r\n"),
        Say(b"* X {19}\r\nS1 NO not for you\r\n\r\n* OK still here\r\n"),
    ],
    go_ahead: b"S1 OK Begin TLS negotiation now.\r\n",
    last_words: b"",
    refusal: b"S1 BAD no such command\r\n",
    quoted: "S1 BAD no such command",
};

pub(crate) const POP3: Script = Script {
    protocol: "pop3",
    acts: &[
        Say(b"+OK POP3 server ready <1896.697170952@mail.example>\r\n"),
        Hear(b"STLS\r\n"),
    ],
    go_ahead: b"+OK Begin TLS negotiation\r\n",
    last_words: b"",
    refusal: b"-ERR no TLS here\r\n",
    quoted: "-ERR no TLS here",
};

pub(crate) const FTP: Script = Script {
    protocol: "ftp",
    acts: &[
        Say(b"120 Ready in a minute\r\n220-Welcome\r\n 220 not yet\r\n230-nor this\r\n220 ready\r\n"),
        Hear(b"AUTH TLS\r\n"),
    ],
    go_ahead: b"234 Proceed with negotiation.\r\n",
    last_words: b"",
    refusal: b"530 Please login with USER and PASS.\r\n",
    quoted: "530 Please login with USER and PASS.",
};

pub(crate) const XMPP: Script = Script {
    protocol: "xmpp",
    acts: &[
        Hear(
            b"<?xml version='1.0'?><stream:stream to='127.0.0.1' version='1.0' xml:lang='en' \
              xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        ),
        Say(
            b"<?xml version='1.0'?>\n<stream:stream xmlns='jabber:client' id=\"a>b\" \
              xmlns:stream='http://etherx.jabber.org/streams' from='127.0.0.1' version='1.0'>\
              <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/>\
              </starttls><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
              <mechanism>PLAIN</mechanism></mechanisms></stream:features>",
        ),
        Hear(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ],
    go_ahead: b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>",
    last_words: b"",
    refusal: b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>",
    quoted: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
};

pub(crate) const XMPP_SERVER: Script = Script {
    protocol: "xmpp-server",
    acts: &[
        Hear(
            b"<?xml version='1.0'?><stream:stream to='127.0.0.1' version='1.0' xml:lang='en' \
              xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>",
        ),
        Say(
            b"<stream:stream xmlns='jabber:server' id='1' version='1.0' \
              xmlns:stream='http://etherx.jabber.org/streams'><stream:features>\
              <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
        ),
        Hear(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ],
    go_ahead: b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    last_words: b"",
    refusal: b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>",
    quoted: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
};

pub(crate) const LDAP: Script = Script {
    protocol: "ldap",
    acts: &[Hear(
        b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
    )],
    // Lengths in four bytes, as Active Directory writes them.
    go_ahead: b"\x30\x84\0\0\0\x10\x02\x01\x01\x78\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0",
    last_words: b"",
    refusal: b"\x30\x17\x02\x01\x01\x78\x12\x0a\x01\x02\x04\0\x04\x0bno TLS here",
    quoted: "resultCode 2 (protocolError): no TLS here",
};

pub(crate) const POSTGRES: Script = Script {
    protocol: "postgres",
    acts: &[Hear(b"\0\0\0\x08\x04\xd2\x16\x2f")],
    go_ahead: b"S",
    last_words: b"",
    refusal: b"N",
    quoted: "does not offer TLS",
};

pub(crate) const MYSQL: Script = Script {
    protocol: "mysql",
    acts: &[],
    // What it can do is in the two bytes behind the first zero after the salt, and in the two
    // before the salt's length.
    go_ahead: b"\x4a\0\0\0\x0a8.0.36\0\x07\0\0\0saltsalt\0\xff\xff\xff\x02\0\xff\xdf\x15\
        \0\0\0\0\0\0\0\0\0\0saltsaltsalt\0caching_sha2_password\0",
    last_words:
        b"\x20\0\0\x01\0\x8a\x08\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    refusal: b"\x4a\0\0\0\x0a8.0.36\0\x07\0\0\0saltsalt\0\xff\xf7\xff\x02\0\xff\xdf\x15\
        \0\0\0\0\0\0\0\0\0\0saltsaltsalt\0caching_sha2_password\0",
    quoted: "does not offer TLS; it said \"8.0.36\"",
};

pub(crate) const SIEVE: Script = Script {
    protocol: "sieve",
    acts: &[
        Say(
            b"\"IMPLEMENTATION\" \"Example1 ManageSieved v001\"\r\n\"SASL\" {5}\r\nPLAIN\r\n\
              \"SIEVE\" \"fileinto vacation\"\r\n\"STARTTLS\"\r\n\"VERSION\" \"1.0\"\r\nOK\r\n",
        ),
        Hear(b"STARTTLS\r\n"),
    ],
    go_ahead: b"OK {5}\r\nbegin\r\n",
    last_words: b"",
    refusal: b"NO \"TLS is not available\"\r\n",
    quoted: r#"NO \"TLS is not available\""#,
};

pub(crate) const NNTP: Script = Script {
    protocol: "nntp",
    acts: &[
        Say(b"201 news.example InterNetNews server ready (no posting)\r\n"),
        Hear(b"STARTTLS\r\n"),
    ],
    go_ahead: b"382 Continue with TLS negotiation\r\n",
    last_words: b"",
    refusal: b"580 Can not initiate TLS negotiation\r\n",
    quoted: "580 Can not initiate TLS negotiation",
};

pub(crate) const IRC: Script = Script {
    protocol: "irc",
    acts: &[
        Hear(b"STARTTLS\r\n"),
        Say(b":irc.example NOTICE * :*** Looking up your hostname...\r\nPING :cookie 1\r\n"),
        Hear(b"PONG :cookie 1\r\n"),
    ],
    go_ahead: b":irc.example 670 * :STARTTLS successful, go ahead with TLS handshake\r\n",
    last_words: b"",
    refusal: b":irc.example 691 * :STARTTLS failure\r\n",
    quoted: ":irc.example 691 * :STARTTLS failure",
};
