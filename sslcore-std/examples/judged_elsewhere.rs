//! A server whose clients' certificates are judged elsewhere: by an OCSP responder, a directory, a
//! service of the company. The answer takes its time, and the loop serves others meanwhile.
//!
//! `cargo run --example judged_elsewhere -- CHAIN.pem KEY.pem`

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use sslcore_std::sslcore::{Alert, Certificate, ServerConfig, Verdict, VerifyMode};
use sslcore_std::{AcceptError, ServerEvent, SslServer, trust};

/// Judges a chain, leaf first.
type Judge = dyn Fn(&[Certificate]) -> Verdict<'static> + Send + Sync;

/// Serves until `note` has enough. `judge` is asked about each client's chain, leaf first, in a
/// thread of its own; a client without a certificate has an empty one.
pub(crate) fn serve(
    server: &mut SslServer,
    judge: Arc<Judge>,
    mut note: impl FnMut(ServerEvent) -> ControlFlow<()>,
) -> Result<(), AcceptError> {
    let (answer, answers) = channel();
    loop {
        match server.next(None) {
            Ok(ServerEvent::VerdictNeeded { id, review, .. }) => {
                let question = server.socket(id).and_then(|socket| socket.review());
                let chain = question.map_or(Vec::new(), |review| review.chain.to_vec());
                let (judge, answer, waker) = (judge.clone(), answer.clone(), server.waker());
                thread::spawn(move || {
                    // Nobody listens when the server has gone.
                    let _ = answer.send((id, review, judge(&chain)));
                    waker.wake();
                });
            }
            Err(AcceptError::Woken) => {
                for (id, review, verdict) in answers.try_iter() {
                    if let Err(error) = server.answer(id, review, verdict) {
                        println!("too late, the client has gone: {error}");
                    }
                }
            }
            Ok(event) => {
                if note(event).is_break() {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// What a responder does: it takes its time, and knows which certificates were revoked.
fn ask_the_responder(chain: &[Certificate]) -> Verdict<'static> {
    thread::sleep(Duration::from_millis(200));
    match chain.first() {
        None => Verdict::Accept, // a guest
        Some(leaf) if leaf.common_name() == Some("mallory") => {
            Verdict::RejectWith(Alert::CertificateRevoked)
        }
        Some(_) => Verdict::Accept,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let (Some(chain), Some(key)) = (files.next(), files.next()) else {
        return Err("usage: judged_elsewhere CHAIN.pem KEY.pem".into());
    };
    let config = ServerConfig::builder(sslcore_std::default_backend())
        .identity(trust::certificates(&chain)?, trust::private_key(key)?)
        .verify_mode(VerifyMode::External) // nothing is judged here, every handshake is held
        .build()?;
    let mut server = SslServer::bind("127.0.0.1:0", config)?;
    println!("listening on {}", server.local_addr()?);
    serve(&mut server, Arc::new(ask_the_responder), |event| {
        if let ServerEvent::Encrypted { mut socket, .. } = event {
            // A server with more to say hands it to a thread, or polls it.
            let _ = socket.write_all(b"welcome\n");
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}
