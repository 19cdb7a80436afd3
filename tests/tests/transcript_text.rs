//! The text of a transcript: how it is written, what is read, and that no text does harm.
#![cfg(feature = "testing")]

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::transcript::{Configurations, Recorder, Transcript, TranscriptError, replay};
use sslcore::transcript::Drawing;
use sslcore::{Limits, PeerName};
use sslcore_tests::effort::cases;
use sslcore_tests::pair::server_name;
use sslcore_tests::transcripts::{at, checked, kept, parse, text_of};

#[test]
fn a_text_that_is_no_transcript_says_which_line_is_wrong() {
    let begin =
        "transcript of a connection of sslcore, format 1\nconfiguration \"tls13\", seed 1\n";
    for (text, line) in [
        ("", 1),
        ("transcript of something else\n", 1),
        ("# said nothing yet\n\ntranscript", 3),
        ("transcript of a connection of sslcore, format 1\n", 1),
        (
            "transcript of a connection of sslcore, format 1\nseed 1\n",
            2,
        ),
    ] {
        let error = text.parse::<Transcript>().expect_err(text);
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
    for wrong in [
        "sing",
        "event",
        "at 1, 2",
        "at 1 us, soon",
        "at +1 us, 2 s",
        "at 18446744073709551616 us, 2 s",
        "write 1 byte",
        "write 1 byte 6",
        "write 1 byte +6",
        "write 1 byte 6162",
        "write 2 bytes \"a",
        "write 2 bytes \"\\x\"",
        "write 2 bytes \"\u{e4}\"",
        "write two bytes",
        "write \u{e4} bytes",
        "< 1 byte \u{e4}",
        "transmitted -1",
        "answer accept",
        "answer 0 accept only a",
        "answer 0 reject with 256",
        "refuse 0 with",
        "refuse 0 with 256",
        "provide",
        "set_read_buffer_size",
        "set_peer_close_timeout never",
        "set_peer_close_timeout 1",
        "start",
        "start nobody",
        "start client server.test",
        "start client \"\"",
        "start client \"a.test\" verify as",
        "start client \"a.test\" verify as \"b.test\" too",
        "start server now",
        "start serverleftover tls",
        "limits read_buffer_size",
        "    6162",
    ] {
        let text = format!("{begin}\n{wrong}\nclose\n");
        let error = text.parse::<Transcript>().expect_err(wrong);
        assert_eq!(error.line, 4, "{wrong:?}: {error}");
        assert!(error.to_string().starts_with("line 4: "), "{error}");
    }
    let error: TranscriptError = format!("{begin}write 3 bytes\n  61\n  62 # two\nclose\n")
        .parse::<Transcript>()
        .expect_err("too few");
    assert_eq!(error.line, 5);
}

#[test]
fn bytes_are_read_in_any_shape() {
    let begin = "transcript of a connection of sslcore, format 1\nconfiguration \"\", seed 0\n";
    let canonical = format!("{begin}write 14 bytes \"attack at dawn\"\n");
    for same in [
        "write 14 bytes 61747461636b206174206461776e",
        "write 14 bytes 6174 7461 636B \" at dawn\" # soon",
        "write 14 bytes\n  \"attack\" # what\n\n  # nothing\n 20\n \"at dawn\"",
    ] {
        assert_eq!(parse(&format!("{begin}{same}\n")).to_string(), canonical);
    }
}

#[test]
fn names_and_limits_are_kept() {
    let limits = Limits {
        read_buffer_size: 100,
        queued: 10,
        release_when_idle: true,
        ..Limits::default()
    };
    let named = |name: &str| PeerName::new(name).expect("a name");
    for (peer, wanted) in [
        (server_name(), "\"server.test\"\n"),
        (server_name().without_sni(), "\"server.test\" without SNI\n"),
        (
            named("a.test").verify_as("server.test").expect("a name"),
            "\"a.test\" verify as \"server.test\"\n",
        ),
        (named("Server.Test"), "\"Server.Test\"\n"),
        // It asks for the name as it was given, in capitals.
        (
            named("SERVER.test")
                .verify_as("server.test")
                .expect("a name"),
            "\"SERVER.test\" verify as \"server.test\"\n",
        ),
        (named("192.0.2.1"), "\"192.0.2.1\"\n"),
        (
            named("192.0.2.1").without_sni(),
            "\"192.0.2.1\" without SNI\n",
        ),
        (
            named("192.0.2.1").verify_as("2001:db8::1").expect("a name"),
            "\"2001:db8::1\" without SNI\n",
        ),
    ] {
        let known = Configurations::without_security("tls12", 7).expect("known words");
        let mut client = Recorder::new("tls\n12\"\\", 7, limits);
        client
            .start_client_encryption(&known.client, peer)
            .expect("start");
        assert_eq!(client.write(&[b'x'; 20]), Ok(10));
        client.settle(at(0));
        client.send_all();
        let text = client.transcript().to_string();
        assert!(text.contains(&format!("\nstart client {wanted}")), "{text}");
        assert!(
            text.contains("\nwrite 20 bytes \"xxxxxxxxxxxxxxxxxxxx\"\n= 10\n"),
            "{text}"
        );
        assert!(
            text.contains("\nlimits read_buffer_size 100, transmit 33300, queued 10, "),
            "{text}"
        );
        checked(client);
    }
}

/// Lines that may stand in a transcript, and some that may not.
fn odd_lines() -> impl Strategy<Value = String> {
    let known = [
        "settle",
        "process",
        "next",
        "poll",
        "close",
        "cancel",
        "abort",
        "reset",
        "end of stream",
        "update keys",
        "discard reads",
        "transmit failed",
        "read",
        "start server",
        "start client \"x\"",
        "start server asking leftover discard",
        "answer 0 accept",
        "answer 0 accept only 0 9",
        "answer 1 reject with 0",
        "provide 0",
        "refuse 0",
        "refuse 0 with 90",
        "consume 1",
        "transmitted 99999999",
        "at 1 us, no wall clock",
        "at 18446744073709551615 us, 18446744073709551615 s",
        "= Idle",
        "event Encrypted",
        "< 5 bytes 1603010000",
        "write 0 bytes",
        "read 0 bytes",
        "unread 1 byte \"a\"",
        "set_read_buffer_size 0",
        "set_read_buffer_size 18446744073709551615",
        "set_peer_close_timeout 0 us",
        "set_peer_close_timeout none",
        "> 0 bytes",
        "write 3 bytes \"\\r\\n\\\\\"",
        "limits queued 18446744073709551615",
    ];
    prop_oneof![
        6 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => ".{0,60}",
        1 => "(write|read|<|>) [0-9]{1,3} bytes? [0-9a-g\"\\\\# ]{0,20}",
    ]
}

/// What a recording says is shown and does nothing, whoever wrote it.
#[test]
fn a_drawing_has_no_markup_of_its_recordings() {
    let hostile = r#"<script>alert("1")</script>&lt;<svg onload='x'>"#;
    let recording = format!(
        "recording of a connection of sslcore 0.1.0, format 1\nat 0 us\nevent {hostile}\n{hostile}\n\
         > {hostile}, 5 bytes\nevent SslErrors(0)\nanswer {hostile}\n"
    );
    let drawing = Drawing::read(&recording).expect("a recording");
    for text in [drawing.svg(), drawing.html()] {
        assert!(
            text.contains("&lt;script&gt;alert(&quot;1&quot;)"),
            "{text}"
        );
        assert!(text.contains("&amp;lt;"), "{text}");
        assert!(
            !text.contains("<script") && !text.contains("<svg onload"),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), ..ProptestConfig::default() })]

    /// Any text is a transcript or an error; any transcript is replayed or differs, and no part panics. The
    /// same for drawings.
    #[test]
    fn no_text_does_harm(
        file in prop::sample::select(kept()),
        changes in vec((any::<prop::sample::Index>(), 0..4u8, odd_lines()), 0..6),
        limits in prop::option::of((any::<usize>(), any::<usize>(), any::<usize>(), any::<usize>())),
    ) {
        let text = text_of(&file);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if let Some((read, transmit, queued, handshake)) = limits {
            lines.insert(2, format!("limits read_buffer_size {read}, transmit {transmit}, queued {queued}, max_handshake {handshake}"));
        }
        for (at, what, line) in changes {
            let at = 2 + at.index(lines.len() - 2);
            match what {
                0 => lines[at] = line,
                1 => _ = lines.remove(at),
                2 => {
                    let doubled = lines[at].clone();
                    lines.insert(at, doubled);
                }
                _ => lines.insert(at, line),
            }
        }
        let text = lines.join("\n");
        if let Ok(drawing) = Drawing::read(&text) {
            prop_assert!(drawing.html().ends_with("</svg>\n</body>\n</html>\n"));
        }
        if let Ok(transcript) = text.parse::<Transcript>() {
            let written = transcript.to_string();
            prop_assert_eq!(parse(&written).to_string(), written);
            if let Err(difference) = replay(&transcript) {
                prop_assert!(difference.line >= 2 && difference.line <= lines.len() + 1);
                prop_assert_ne!(difference.recorded, difference.came);
            }
        }
    }

    #[test]
    fn any_bytes_are_written_and_read(bytes in vec(prop_oneof![any::<u8>(), b' '..=b'~'], 0..300)) {
        let mut recorder = Recorder::new("", 0, Limits::default());
        recorder.write(&bytes).expect("open");
        recorder.receive(&bytes).expect("open");
        checked(recorder);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(transcript of a connection of sslcore, format 1\n)?(configuration \"tls13\", seed 1\n)?\\PC{0,200}(\n\\PC{0,80}){0,5}") {
        if let Ok(transcript) = text.parse::<Transcript>() {
            let _ = replay(&transcript);
        }
        if let Ok(drawing) = Drawing::read(&text) {
            prop_assert!(drawing.svg().ends_with("</svg>\n"));
        }
    }
}
