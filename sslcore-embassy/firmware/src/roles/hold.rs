//! A client whose application decides about certificates that nobody vouches for.

use alloc::string::ToString;

use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_time::Timer;
use sslcore_embassy::Error;
use sslcore_embassy::sslcore::{OnErrors, Verdict};

use super::client::ask;
use super::{Outcome, connected, handshake, peer, text, trusting};
use crate::order::Order;
use crate::semihosting::say;

/// Thinks for `hold=MILLISECONDS`, then accepts the certificate in `known=FILE` and no other.
pub(crate) async fn hold(stack: Stack<'static>, order: &Order) -> Outcome {
    let known = order.file("known")?;
    let config = trusting(order)?.on_errors(OnErrors::Hold);
    let config = config.build().map_err(text)?;
    let mut socket = connected(stack, order).await?;
    let started = socket.start_client_encryption(&config, peer(order)?);
    started.map_err(text)?;
    let id = match socket.wait_for_encrypted().await {
        Err(Error::VerdictNeeded(id)) => id,
        Err(other) => return Err(text(other)),
        Ok(()) => return Err("nothing was asked".to_string()),
    };
    let review = socket.review().ok_or("there is no review")?;
    let leaf = review.chain.first();
    let is_known = leaf.is_some_and(|leaf| leaf.as_ref() == known);
    let errors = review.errors.to_vec();
    for error in &errors {
        say!("held for {:?}", error.kind());
    }
    // A peer that hangs up meanwhile is noticed.
    let thinking = Timer::after_millis(order.number("hold", 2000));
    let over = async { while socket.next_event().await.is_some() {} };
    if let Either::Second(()) = select(thinking, over).await {
        let failure = socket.connection().failure().map(text);
        return Err(alloc::format!("the peer has left: {failure:?}"));
    }
    let verdict = match is_known {
        true => Verdict::AcceptOnly(&errors),
        false => Verdict::Reject,
    };
    socket.answer(id, verdict).map_err(text)?;
    handshake(&mut socket).await?;
    ask(&mut socket, order).await
}
