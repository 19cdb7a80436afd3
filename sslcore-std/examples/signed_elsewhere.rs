//! A server whose private key is elsewhere: in a module, an agent, a service of the cloud. A signature
//! takes its time, and the loop serves others meanwhile.
//!
//! `cargo run --example signed_elsewhere -- CHAIN.pem KEY.pem`

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use sslcore_std::sslcore::crypto::Backend;
use sslcore_std::sslcore::{ServerConfig, SignError, Signature, SignatureScheme};
use sslcore_std::{AcceptError, ServerEvent, SslServer, trust};

/// Signs a message in a scheme: ECDSA in DER.
type Sign = dyn Fn(SignatureScheme, &[u8]) -> Result<Vec<u8>, SignError> + Send + Sync;

/// Serves until `note` has enough. `sign` is called for each full handshake, in a thread of its own.
pub(crate) fn serve(
    server: &mut SslServer,
    sign: Arc<Sign>,
    mut note: impl FnMut(ServerEvent) -> ControlFlow<()>,
) -> Result<(), AcceptError> {
    let (signed, all_signed) = channel();
    loop {
        match server.next(None) {
            Ok(ServerEvent::SignatureNeeded { id, request, .. }) => {
                let question = server.socket(id).and_then(|it| it.signature_request());
                let question = question.map(|it| (it.scheme, it.message.to_vec()));
                let Some((scheme, message)) = question else {
                    continue;
                };
                let (sign, signed, waker) = (sign.clone(), signed.clone(), server.waker());
                thread::spawn(move || {
                    // Nobody listens when the server has gone.
                    let _ = signed.send((id, request, sign(scheme, &message)));
                    waker.wake();
                });
            }
            Err(AcceptError::Woken) => {
                for (id, request, outcome) in all_signed.try_iter() {
                    let signature = outcome.as_deref().map(Signature::Der).map_err(Clone::clone);
                    if let Err(error) = server.provide_signature(id, request, signature) {
                        println!("too late, or no signature of this key: {error}");
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

/// What a module does: it takes 200 ms. Here a key in memory plays it.
fn module(backend: &Backend, key: &str) -> Result<Arc<Sign>, Box<dyn Error>> {
    let key = trust::private_key(key)?;
    let key = backend
        .provider()
        .key_provider
        .load_private_key(key.into())?;
    Ok(Arc::new(move |scheme, message| {
        thread::sleep(Duration::from_millis(200));
        let signer = key.choose_scheme(&[scheme.code().into()]);
        let signer = signer.ok_or_else(|| SignError::new("not a scheme of this key"))?;
        let signature = signer.sign(message);
        signature.map_err(|error| SignError::new(error.to_string()))
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let (Some(chain), Some(key)) = (files.next(), files.next()) else {
        return Err("usage: signed_elsewhere CHAIN.pem KEY.pem, with a key for P-256".into());
    };
    let backend = sslcore_std::default_backend();
    let module = module(&backend, &key)?;
    let config = ServerConfig::builder(backend)
        .ask_for_signatures(
            trust::certificates(&chain)?,
            [SignatureScheme::EcdsaP256Sha256],
        )
        .build()?;
    let mut server = SslServer::bind("127.0.0.1:0", config)?;
    println!("listening on {}", server.local_addr()?);
    serve(&mut server, module, |event| {
        if let ServerEvent::Encrypted { mut socket, .. } = event {
            let _ = socket.write_all(b"welcome\n");
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}
