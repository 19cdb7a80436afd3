//! The dialogues without IO: what they do with words that no good server says.

use sslcore_tests::babble::babble;

use super::dialogue::{MESSAGE, Refusal, Step};
use super::protocol::Protocol;

/// A server's words: how a client that has heard the first ones takes the last.
fn outcome(protocol: Protocol, words: &[&[u8]]) -> Result<Step, Refusal> {
    let mut dialogue = protocol.dialogue("host.example", None);
    let (last, first) = words.split_last().expect("words");
    for words in first {
        let step = dialogue.read(words)?;
        assert!(
            matches!(step, Step::Answer(n, _) if n == words.len()),
            "{step:?}"
        );
    }
    dialogue.read(last)
}

fn refused(protocol: Protocol, words: &[&[u8]]) -> String {
    match outcome(protocol, words) {
        Err(Refusal::Refused(said)) => said,
        other => panic!("{protocol}: {other:?}"),
    }
}

fn unexpected(protocol: Protocol, words: &[&[u8]]) -> String {
    match outcome(protocol, words) {
        Err(Refusal::Unexpected(said)) => said,
        other => panic!("{protocol}: {other:?}"),
    }
}

/// One message of each protocol, and what was said before it.
const MESSAGES: [(Protocol, &[&[u8]]); 12] = [
    (Protocol::Smtp, &[b"220 ready\r\n"]),
    (Protocol::Imap, &[b"* OK {3}\r\na\nb ready\r\n"]),
    (Protocol::Pop3, &[b"+OK ready\r\n"]),
    (Protocol::Ftp, &[b"220-ready\r\n"]),
    (Protocol::Nntp, &[b"200 ready\r\n"]),
    (Protocol::Sieve, &[b"\"SASL\" {5}\r\nPLAIN\r\n"]),
    (Protocol::Irc, &[b":a 670 * :go ahead\r\n"]),
    (Protocol::Xmpp, &[b"<stream:stream id='>'>"]),
    (
        Protocol::Ldap,
        &[b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0"],
    ),
    (Protocol::Postgres, &[b"S"]),
    (
        Protocol::Mysql,
        &[b"\x1f\0\0\0\x0a5.5\0\x07\0\0\0saltsalt\0\xff\xff\x02\0\0\0\0\0\0\0\0\0\0"],
    ),
    (
        Protocol::Xmpp,
        &[b"<features>", b"<starttls/>", b"</features>", b"<proceed/>"],
    ),
];

#[test]
fn a_message_is_taken_when_it_is_complete_and_not_a_byte_more() {
    for (protocol, words) in MESSAGES {
        let (message, before) = words.split_last().expect("a message");
        for len in 0..message.len() {
            let words = [before, &[&message[..len]]].concat();
            let step = outcome(protocol, &words);
            assert_eq!(step, Ok(Step::Incomplete), "{protocol}: {len} bytes");
        }
        let more = [message, &b"S more\r\n<>"[..]].concat();
        let step = outcome(protocol, &[before, &[&more[..]]].concat());
        let taken = match step {
            Ok(Step::Answer(taken, _) | Step::GoAhead(taken, _)) => taken,
            other => panic!("{protocol}: {other:?}"),
        };
        assert_eq!(taken, message.len(), "{protocol}");
    }
}

#[test]
fn who_speaks_another_protocol_is_told_from_who_refuses() {
    let http = b"HTTP/1.1 400 Bad Request\r\n";
    for protocol in Protocol::ALL {
        // To IRC it is a message that means nothing, to MySQL a packet that has only begun.
        if !matches!(protocol, Protocol::Irc | Protocol::Mysql) {
            assert!(unexpected(protocol, &[http]).starts_with("HTTP"));
        }
    }
    assert_eq!(
        unexpected(Protocol::Irc, &[b"\x15\x03\x01\0\x02\x02\x50\n"]).len(),
        7
    );
    unexpected(Protocol::Mysql, &[b"\x01\0\0\x07\x0a"]);
    unexpected(Protocol::Mysql, &[b"\x01\0\0\0\x09"]);
    unexpected(Protocol::Xmpp, &[b"<!DOCTYPE x>"]);
    unexpected(Protocol::Ldap, &[b"\x30\x80\x02\x01\x01\0\0"]);
    unexpected(Protocol::Ldap, &[b"\x30\x03\x02\x01\x01"]);
}

#[test]
fn servers_that_are_not_ready_refuse_in_their_greeting() {
    assert_eq!(refused(Protocol::Smtp, &[b"554 no\r\n"]), "554 no");
    assert_eq!(refused(Protocol::Imap, &[b"* BYE no\r\n"]), "* BYE no");
    assert_eq!(
        refused(Protocol::Imap, &[b"* PREAUTH in\r\n"]),
        "* PREAUTH in"
    );
    assert_eq!(refused(Protocol::Pop3, &[b"-ERR no\r\n"]), "-ERR no");
    assert_eq!(refused(Protocol::Ftp, &[b"421 no\r\n"]), "421 no");
    assert_eq!(refused(Protocol::Nntp, &[b"502 no\r\n"]), "502 no");
    assert_eq!(refused(Protocol::Sieve, &[b"BYE no\r\n"]), "BYE no");
    assert_eq!(refused(Protocol::Irc, &[b"ERROR :no\r\n"]), "ERROR :no");
    let error = b"\x10\0\0\0\xff\x69\x04#HY000not you";
    assert_eq!(refused(Protocol::Mysql, &[error]), "#HY000not you");
    let error = b"E\0\0\0\x1cSFATAL\0C08P01\0Mnot you\0\0";
    assert_eq!(refused(Protocol::Postgres, &[error]), "not you");
    let error = b"Ecould not fork new process for connection: no memory\n\0";
    let said = "could not fork new process for connection: no memory";
    assert_eq!(refused(Protocol::Postgres, &[error]), said);
    let error = b"<stream:error><host-unknown/></stream:error>";
    let parts = error
        .split_inclusive(|byte| *byte == b'>')
        .collect::<Vec<_>>();
    assert!(refused(Protocol::Xmpp, &parts).contains("host-unknown"));
}

#[test]
fn a_notice_of_disconnection_is_no_go_ahead() {
    let notice = b"\x30\x0f\x02\x01\0\x78\x0a\x0a\x01\x34\x04\0\x04\x03bye";
    let said = refused(Protocol::Ldap, &[notice]);
    assert_eq!(said, "resultCode 52 (unavailable): bye");
    let other_id = b"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\0\x04\0\x04\0";
    assert_eq!(refused(Protocol::Ldap, &[other_id]), "resultCode 0: ");
}

#[test]
fn an_answer_that_nobody_asked_for_is_none() {
    unexpected(Protocol::Imap, &[b"S1 OK begin\r\n"]);
    let early = outcome(Protocol::Xmpp, &[b"<proceed/>"]);
    assert!(matches!(early, Ok(Step::Answer(..))), "{early:?}");
}

#[test]
fn xmpp_features_without_tls_are_quoted() {
    let words: [&[u8]; 3] = [b"<stream:features>", b"<register/>", b"</stream:features>"];
    match outcome(Protocol::Xmpp, &words) {
        Err(Refusal::NotOffered(said)) => assert!(said.contains("<register/>")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_that_are_announced_too_long_are_refused_at_once() {
    let literal = format!("* OK {{{}}}\r\n", MESSAGE + 1);
    let many_digits = format!("* OK {{{}}}\r\n", "9".repeat(40));
    for (protocol, words) in [
        (Protocol::Imap, literal.as_bytes()),
        (Protocol::Imap, many_digits.as_bytes()),
        (Protocol::Ldap, b"\x30\x84\x7f\xff\xff\xff"),
        (Protocol::Mysql, b"\xff\xff\xff\0\x0a"),
        (Protocol::Postgres, b"E\x7f\xff\xff\xff"),
    ] {
        assert_eq!(
            outcome(protocol, &[words]),
            Err(Refusal::TooLong),
            "{protocol}"
        );
    }
}

#[test]
fn no_bytes_at_all_make_a_dialogue_panic() {
    // Short words from an alphabet in which every protocol has some of its own.
    const ALPHABET: &[u8] = b"S2*+<>/'{5}\r\n\"\x30\x78\x02\x84\0\xff\x0aE";
    for words in babble(ALPHABET) {
        for protocol in Protocol::ALL {
            let mut dialogue = protocol.dialogue("host.example", None);
            let mut unread = &words[..];
            while let Ok(Step::Answer(taken, _)) = dialogue.read(unread) {
                assert!(taken > 0 && taken <= unread.len(), "{protocol}: {taken}");
                unread = &unread[taken..];
            }
        }
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    for protocol in Protocol::ALL {
        assert_eq!(protocol.to_string().parse(), Ok(protocol));
    }
    let error = "telnet".parse::<Protocol>().expect_err("no such protocol");
    assert_eq!(
        error.to_string(),
        "\"telnet\" is none of smtp lmtp imap pop3 ftp xmpp xmpp-server ldap postgres mysql sieve \
         nntp irc"
    );
}

#[test]
fn an_old_error_of_postgres_ends_with_its_zero_byte_and_is_no_longer_than_others() {
    let begun = [&b"Eno end"[..], &[b'x'; MESSAGE]].concat();
    for len in [1, 2, 7, begun.len()] {
        let step = outcome(Protocol::Postgres, &[&begun[..len]]);
        assert_eq!(step, Ok(Step::Incomplete), "{len} bytes");
    }
}

#[test]
fn ftp_servers_may_answer_as_they_did_before_rfc_4217() {
    for code in ["234", "334", "200"] {
        let answer = format!("{code} go on\r\n");
        let step = outcome(Protocol::Ftp, &[b"220 ready\r\n", answer.as_bytes()]);
        assert_eq!(step, Ok(Step::GoAhead(answer.len(), Vec::new())), "{code}");
    }
    let said = refused(Protocol::Ftp, &[b"220 ready\r\n", b"431 no TLS\r\n"]);
    assert_eq!(said, "431 no TLS");
}

#[test]
fn a_host_cannot_break_out_of_its_attribute() {
    let dialogue = Protocol::Xmpp.dialogue("a'><b>&", None);
    let opening = String::from_utf8(dialogue.opening()).expect("UTF-8");
    assert!(
        opening.contains("to='a&apos;>&lt;b>&amp;' version"),
        "{opening}"
    );
}

#[test]
fn a_reply_of_several_lines_ends_with_its_own_code() {
    let ready: [&[u8]; 3] = [b"220-ready\r\n", b"234 is one more line\r\n", b"250\r\n"];
    let within = outcome(Protocol::Ftp, &ready);
    assert_eq!(within, Ok(Step::Answer(ready[2].len(), Vec::new())));
    let over = outcome(Protocol::Ftp, &[&ready[..], &[b"220 go on\r\n"]].concat());
    assert_eq!(over, Ok(Step::Answer(11, b"AUTH TLS\r\n".to_vec())));
}
