//! A client whose private key is in a secure element, which takes its time: nothing else waits for it.

use embassy_net::Stack;
use embassy_time::{Duration, Instant, Timer};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature as Halves, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use sslcore_embassy::Error;
use sslcore_embassy::sslcore::{CertificateDer, Engine, SignError, Signature, SignatureScheme};

use super::{Outcome, client, connected, handshake, peer, text, trusting};
use crate::order::Order;
use crate::semihosting::say;

/// What an element does: it signs a digest, after a while. A key in memory plays it.
struct Element {
    key: SigningKey,
    latency: Duration,
}

impl Element {
    async fn sign(&self, digest: &[u8]) -> Result<[u8; 64], alloc::string::String> {
        Timer::after(self.latency).await;
        let halves: Halves = self.key.sign_prehash(digest).map_err(text)?;
        Ok(halves.to_bytes().into())
    }
}

/// Shows the order's certificate, has the element sign, and asks for a page.
pub(crate) async fn element(stack: Stack<'static>, order: &Order) -> Outcome {
    let element = Element {
        key: SigningKey::from_pkcs8_der(&order.file("key")?).map_err(text)?,
        latency: Duration::from_millis(order.number("latency", 200)),
    };
    let chain = [CertificateDer::from(order.file("cert")?)];
    let config = trusting(order)?
        .engine(Engine::Own)
        .ask_for_signatures(chain, [SignatureScheme::EcdsaP256Sha256]);
    let config = config.build().map_err(text)?;
    let mut socket = connected(stack, order).await?;
    let started = socket.start_client_encryption(&config, peer(order)?);
    started.map_err(text)?;
    match socket.wait_for_encrypted().await {
        Err(Error::SignatureNeeded(id)) => {
            let digest = socket.signature_request().and_then(|it| it.digest);
            let digest = digest.ok_or("there is no digest")?;
            let start = Instant::now();
            let answered = match element.sign(digest).await {
                Ok(signed) => {
                    say!(
                        "the element has signed in {} ms",
                        start.elapsed().as_millis()
                    );
                    socket.provide_signature(id, Signature::Concatenated(&signed))
                }
                // The server hears of it, and the handshake fails with these words.
                Err(why) => socket.refuse_signature(id, SignError::new(why)),
            };
            answered.map_err(text)?;
        }
        outcome => outcome.map_err(text)?,
    }
    handshake(&mut socket).await?;
    client::ask(&mut socket, order).await
}
