//! What every call answers to every way a connection can end.
//!
//! Success is never concluded from silence: a flush is content when all that was written has left,
//! and when something of it was lost it says why, however often it is asked.

#[path = "../common/mod.rs"]
mod common;
mod connecting;
mod faces;
mod ways;

use std::io::ErrorKind;

use sslcore::{Alert, FailureKind, ReadEnd, SslErrorKind};
use sslcore_std::SslSocket;

use self::faces::{Answer, Call, Face, Halves, Loop, Why};
use self::ways::{Way, bring_about};
use crate::common::VERSIONS;

const CALLS: [Call; 12] = [
    Call::Flush,
    Call::WaitForBytesWritten,
    Call::WaitForEncrypted,
    Call::WaitForReadyRead,
    Call::WaitForDisconnected,
    Call::WaitForConnected,
    Call::Read,
    Call::ReadExact,
    Call::ReadToEnd,
    Call::ReadLine,
    Call::Write,
    Call::WriteAll,
];

/// A way to end, the versions that end so, why, and what the [`CALLS`] answer: the one that meets
/// the end, and those that are made when it is known.
///
/// | letter | answer |
/// |---|---|
/// | `+` | it is done |
/// | `!` | the error of the row |
/// | `0` | no more data, and none is missing |
/// | `<` | the same, before as much came as was wanted |
/// | `c` | a report of a clean end |
/// | `d` | a report of another end |
/// | `u` | the caller's mistake: our side was closed |
/// | `n` | TLS was not started |
/// | `.` | either may come first, the call or the end |
type Row = (
    Way,
    &'static [&'static str],
    Why,
    ErrorKind,
    [&'static str; 2],
);

const TLS12: &[&str] = &["TLSv1.2"];
const TLS13: &[&str] = &["TLSv1.3"];
const BOTH: &[&str] = &VERSIONS;

const REFUSED_US: Why = Why::Failed(FailureKind::AlertReceived(Alert::UnknownCa));
const WE_REFUSED: Why = Why::Failed(FailureKind::CertificateRejected(
    SslErrorKind::UnableToGetLocalIssuerCertificate,
));
const CUT: Why = Why::Failed(FailureKind::Truncated);
const RESET: Why = Why::Failed(FailureKind::Reset);
const SLOW_PEER: Why = Why::Failed(FailureKind::HandshakeTimeout);
const SLOW_JUDGE: Why = Why::Failed(FailureKind::DecisionTimeout);
const NO_MORE: Why = Why::Ended(ReadEnd::EndOfStream);
const CLOSED: Why = Why::Ended(ReadEnd::Closed);
const GIVEN_UP: Why = Why::Ended(ReadEnd::TimedOut);
const UNANSWERED: Why = Why::Ended(ReadEnd::CloseUnanswered);
const CANCELED: Why = Why::Ended(ReadEnd::Canceled);
const ABORTED: Why = Why::Ended(ReadEnd::Aborted);

#[rustfmt::skip]
const TABLE: &[Row] = {
    use ErrorKind::{ConnectionAborted, ConnectionReset, InvalidData, TimedOut, UnexpectedEof};
    &[
    //                                                              flush bytes encrypted ready disconnected connected, read exact to_end line, write write_all
    (Way::TheyRefuseUs,               TLS12, REFUSED_US, ConnectionAborted, ["!!!!d. !!!! ..", "!!!!d! !!!! !!"]),
    // All was sealed and taken before the peer could know us, and refuse us; whoever waits again for what is
    // there may hear of it.
    (Way::TheyRefuseUs,               TLS13, REFUSED_US, ConnectionAborted, ["++.!d. !!!! ..", "++!!d! !!!! !!"]),
    (Way::WeRefuseThem,               BOTH,  WE_REFUSED, InvalidData,       ["!!!!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::FinInPlaintext,             TLS13, NO_MORE,    UnexpectedEof,     ["++n!c+ 0<00 ++", "++n!c+ 0<00 ++"]),
    (Way::FinInHandshake,             BOTH,  CUT,        UnexpectedEof,     ["!!!!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::Fin,                        BOTH,  CUT,        UnexpectedEof,     ["++.!d. !!!! ..", "++!!d! !!!! !!"]),
    (Way::FinBeforeAllIsSent,         BOTH,  CUT,        UnexpectedEof,     ["!..!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::FinAndGone,                 BOTH,  CUT,        UnexpectedEof,     ["!!.!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::ResetInPlaintext,           TLS13, RESET,      ConnectionReset,   ["!!n!d. !!!! ..", "!!n!d! !!!! !!"]),
    (Way::ResetInHandshake,           BOTH,  RESET,      ConnectionReset,   ["!!!!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::Reset,                      BOTH,  RESET,      ConnectionReset,   ["!!.!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::HandshakeTimeout,           BOTH,  SLOW_PEER,  TimedOut,          ["!!!!d. !!!! ..", "!!!!d! !!!! !!"]),
    (Way::DecisionTimeout,            BOTH,  SLOW_JUDGE, TimedOut,          ["...... .... ..", "!!!!d! !!!! !!"]),
    // The system may find room for some more of what waits.
    (Way::CloseTimeout,               BOTH,  GIVEN_UP,   TimedOut,          ["!..!d. !!!! uu", "!!!!d! !!!! uu"]),
    // TLS 1.2 answers at once and writes no more, TLS 1.3 has another direction (RFC 8446 §6.1).
    (Way::TheyClose,                  TLS12, CLOSED,     UnexpectedEof,     ["++.!c. 0<00 ..", "++!!c! 0<00 uu"]),
    (Way::TheyClose,                  TLS13, CLOSED,     UnexpectedEof,     ["+++!c+ 0<00 ++", "+++!c+ 0<00 ++"]),
    // What waits is discarded (RFC 5246 §7.2.1).
    (Way::TheyCloseBeforeAllIsSealed, TLS12, CLOSED,     UnexpectedEof,     ["!..!d. 0<00 ..", "!!!!d! 0<00 uu"]),
    // Of the peer's data nothing is missing, though ours is lost.
    (Way::TheyCloseAndReset,          TLS13, RESET,      ConnectionReset,   ["!!..d. 0<00 ..", "!!!!d! 0<00 !!"]),
    (Way::WeClose,                    BOTH,  CLOSED,     UnexpectedEof,     ["++.!c. 0<00 uu", "++!!c! 0<00 uu"]),
    // Nothing is missing that was announced, and it is no end of data.
    (Way::WeCloseTheyHangUp,          BOTH,  UNANSWERED, UnexpectedEof,     ["++.!d. !!!! uu", "++!!d! !!!! uu"]),
    (Way::WeCloseTheyAreCut,          BOTH,  CUT,        UnexpectedEof,     ["++.!d. !!!! ..", "++!!d! !!!! !!"]),
    (Way::WeCancel,                   BOTH,  CANCELED,   ConnectionAborted, ["++!!d! !!!! uu", "++!!d! !!!! uu"]),
    (Way::WeCancelInHandshake,        BOTH,  CANCELED,   ConnectionAborted, ["!!!!d! !!!! uu", "!!!!d! !!!! uu"]),
    (Way::WeAbort,                    BOTH,  ABORTED,    ConnectionAborted, ["!!!!d! !!!! uu", "!!!!d! !!!! uu"]),
    (Way::WeAbortWhenAllIsSent,       BOTH,  ABORTED,    ConnectionAborted, ["++!!d! !!!! uu", "++!!d! !!!! uu"]),
    (Way::WeAbortInHandshake,         BOTH,  ABORTED,    ConnectionAborted, ["!!!!d! !!!! uu", "!!!!d! !!!! uu"]),
    ]
};

fn expected(letter: char, why: Why, kind: ErrorKind) -> Option<Answer> {
    Some(match letter {
        '+' => Answer::Fine,
        '!' => Answer::Why(why, kind),
        '0' => Answer::End,
        '<' => Answer::TooEarly,
        'c' => Answer::Report { clean: true },
        'd' => Answer::Report { clean: false },
        'u' => Answer::Usage,
        'n' => Answer::NotStarted,
        '.' => return None,
        other => unreachable!("{other} is no answer"),
    })
}

/// What is wrong with one row's answers to every call, `bring` bringing the end about.
fn wrong_cells<F: Face, P>(
    row: &str,
    (why, kind): (Why, ErrorKind),
    answers: &[&str; 2],
    bring: impl Fn() -> (F, P),
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (known, letters) in answers.iter().enumerate() {
        let letters: Vec<char> = letters.chars().filter(|it| *it != ' ').collect();
        assert_eq!(letters.len(), CALLS.len(), "{row}");
        let stays_open = letters[5] == '+';
        for (call, letter) in CALLS.iter().zip(letters) {
            let Some(expected) = expected(letter, why, kind) else {
                continue;
            };
            let (mut here, peer) = bring();
            let is_known = known == 0
                || here.comes_to(|it| match stays_open {
                    true => it.read_end().is_some(),
                    false => it.close_report().is_some(),
                });
            if !is_known {
                wrong.push(format!("{row}: never over"));
                break;
            }
            let answers = here.call(*call);
            drop(peer);
            if let Some(answers) = answers.filter(|it| *it != [expected; 2]) {
                let when = ["at first", "when it is known"][known];
                wrong.push(format!(
                    "{row}, {call:?} {when}: {answers:?} instead of {expected:?}"
                ));
            }
        }
    }
    wrong
}

/// The cells of one row that are not as they should be.
fn wrong<F: Face>(form: &str, (way, versions, why, kind, answers): &Row) -> Vec<String> {
    let versions = versions.iter();
    let wrong = versions.flat_map(|version| {
        let row = format!("{form}, {way:?}, {version}");
        wrong_cells(&row, (*why, *kind), answers, || {
            bring_about::<F>(*way, version)
        })
    });
    wrong.collect()
}

/// All rows at once, since some wait for a timeout.
fn check<F: Face>(form: &str) {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let rows = TABLE.iter();
        let rows: Vec<_> = rows
            .map(|row| scope.spawn(|| wrong::<F>(form, row)))
            .collect();
        rows.into_iter()
            .flat_map(|row| row.join().expect("a row"))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_call_of_a_socket_answers_every_end() {
    check::<SslSocket>("a socket");
}

#[test]
fn every_call_of_two_halves_answers_every_end() {
    check::<Halves>("two halves");
}

#[test]
fn every_call_of_a_stream_answers_every_end() {
    check::<Loop>("a stream");
}
