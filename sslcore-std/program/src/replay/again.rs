//! A session, done again.

use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use sslcore_std::sslcore::ClientSessionCache;
use sslcore_std::sslcore::transcript::{Difference, Transcript, replay_as_client};

use crate::exit::Exit;
use crate::identity;
use crate::journal::{Header, Journal, Section};
use crate::telling::Telling;
use crate::text::{Fingerprint, Ink, Palette, escaped, grouped};

/// The event of a server that asks for a certificate of ours.
const ASKED: &str = "\nevent ClientCertificateRequested\n";

/// What came of it.
pub(super) struct Outcome {
    connections: usize,
    sent: usize,
    received: usize,
    difference: Option<Difference>,
}

/// Replays all connections of a recording, one after the other, as they were made.
///
/// # Errors
/// A sentence: what cannot be read, or is missing.
pub(super) fn replay(text: &str, identity: &identity::Options) -> Result<Outcome, String> {
    let Journal {
        header,
        anchors,
        transcripts,
    } = Journal::read(text)?;
    let mut parsed = Vec::new();
    for Section { above, text } in &transcripts {
        let transcript = text.parse::<Transcript>().map_err(|mut error| {
            error.line += above;
            error.to_string()
        })?;
        parsed.push((*above, transcript));
    }
    let asked = transcripts.iter().any(|it| it.text.contains(ASKED));
    let identity = presented(&header, asked, identity)?;
    let config = header.plan.config(
        header.seed.backend(),
        anchors,
        std::sync::Arc::new(ClientSessionCache::new(1)),
        identity,
        None,
        None,
    )?;
    let difference = parsed.iter().find_map(|(above, transcript)| {
        let mut difference = replay_as_client(transcript, &config).err()?;
        difference.line += above;
        Some(difference)
    });
    Ok(Outcome {
        connections: transcripts.len(),
        sent: transcripts.iter().map(|it| passed(&it.text, "> ")).sum(),
        received: transcripts.iter().map(|it| passed(&it.text, "< ")).sum(),
        difference,
    })
}

/// Our own certificate, where the session had one. It must be the same, and is asked for when the
/// server has `asked` for it.
fn presented(
    header: &Header,
    asked: bool,
    given: &identity::Options,
) -> Result<Option<identity::Identity>, String> {
    let Some(wanted) = &header.client_certificate else {
        return match given.is_given() {
            true => Err("the session had no certificate of ours: leave --cert out".to_owned()),
            false => Ok(None),
        };
    };
    let identity = given.load()?;
    let own = identity.as_ref().and_then(|(chain, _)| chain.first());
    match own.map(|own: &CertificateDer<'_>| Fingerprint::of(own)) {
        Some(own) if own.bytes() != wanted.bytes() => Err(format!(
            "the session had another certificate of ours, with the SHA-256 fingerprint {wanted}"
        )),
        None if asked => Err(format!(
            "our certificate was asked for, and its private key is not in the recording: give it \
             with --cert and --key, or --pkcs12 (SHA-256 fingerprint {wanted})"
        )),
        _ => Ok(identity),
    }
}

/// How many bytes have passed, by the lines that begin with this.
fn passed(transcript: &str, arrow: &str) -> usize {
    let counts = transcript.lines().filter_map(|line| {
        let count = line.strip_prefix(arrow)?.split(' ').next()?;
        count.parse::<usize>().ok()
    });
    counts.sum()
}

impl Outcome {
    pub(super) fn exit(&self) -> Exit {
        match self.difference {
            None => Exit::Fine,
            Some(_) => Exit::Differs,
        }
    }
}

impl Telling for Outcome {
    fn text(&self, palette: Palette) -> String {
        let Some(difference) = &self.difference else {
            let connections = match self.connections {
                1 => "1 connection".to_owned(),
                more => format!("{} connections", grouped(more)),
            };
            let (sent, received) = (grouped(self.sent), grouped(self.received));
            let same = palette.paint(Ink::Good, "the same");
            return format!(
                "Replayed {same}, byte for byte: {connections}, {sent} B sent, {received} B received\n"
            );
        };
        let Difference {
            line,
            recorded,
            came,
        } = difference;
        let line = grouped(*line);
        let another = palette.paint(Ink::Bad, "otherwise");
        format!(
            "Replayed {another}: the first difference is in line {line}. It was recorded as\n{}and \
             came as\n{}",
            indented(recorded),
            indented(came)
        )
    }

    fn json(&self) -> Value {
        let difference = self.difference.as_ref();
        json!({
            "event": "replay",
            "same": difference.is_none(),
            "connections": self.connections,
            "sent": self.sent,
            "received": self.received,
            "line": difference.map(|it| it.line),
            "recorded": difference.map(|it| &it.recorded),
            "came": difference.map(|it| &it.came),
        })
    }
}

fn indented(lines: &str) -> String {
    let lines = lines.lines().map(|line| format!("  {}\n", escaped(line)));
    lines.collect()
}
