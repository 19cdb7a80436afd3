//! Clients that start TLS at once.

#[cfg(feature = "texts")]
use alloc::string::ToString;

use embassy_net::Stack;
use embassy_time::{Duration, Timer, with_timeout};
use embedded_io_async::Write;
use sslcore_embassy::Error;
#[cfg(feature = "texts")]
use sslcore_embassy::sslcore::FailureKind;

#[cfg(feature = "texts")]
use super::trusting;
use super::{
    Outcome, Socket, add, client_of, connected, handshake, peer, read_to_end, run_short, text,
};
use crate::order::Order;
use crate::semihosting::say;
use crate::{heap, report};

/// Asks for a page, and hears all of it.
pub(crate) async fn client(stack: Stack<'static>, order: &Order) -> Outcome {
    let config = client_of(order)?.build().map_err(text)?;
    let mut socket = connected(stack, order).await?;
    run_short(order);
    heap::forget_peak();
    let before = heap::used().now;
    let started = socket.start_client_encryption(&config, peer(order)?);
    started.map_err(text)?;
    handshake(&mut socket).await?;
    let used = heap::used();
    say!(
        "heap of the handshake: peak {}, idle {}",
        used.peak - before,
        used.now - before
    );
    let connection = socket.connection();
    say!(
        "encrypted: {} {} {}",
        connection
            .session_protocol()
            .map_or("", |protocol| protocol.name()),
        connection
            .session_cipher()
            .map_or("", |cipher| cipher.name()),
        connection.key_exchange_group().unwrap_or_default(),
    );
    Timer::after_millis(order.number("pause", 0)).await;
    let asked = ask(&mut socket, order).await;
    // Behind the handshake there may be tickets, out of which sessions are made.
    say!(
        "heap of the connection: peak {}",
        heap::used().peak - before
    );
    asked
}

/// Says which page it wants.
pub(super) async fn request(socket: &mut Socket, order: &Order) -> Result<(), Error> {
    let path = order.get("path").unwrap_or("/");
    socket.write_all(b"GET ").await?;
    socket.write_all(path.as_bytes()).await?;
    socket.write_all(b" HTTP/1.0\r\n\r\n").await?;
    socket.flush().await
}

/// Asks for a page, hears all of it, and leaves.
pub(super) async fn ask(socket: &mut Socket, order: &Order) -> Outcome {
    let start = embassy_time::Instant::now();
    request(socket, order).await.map_err(text)?;
    let (mut bytes, mut sum) = (0_usize, 0_u32);
    let before = heap::used().allocations;
    let patience = Duration::from_millis(order.number("deadline", 600_000));
    let heard = read_to_end(socket, |data| {
        bytes += data.len();
        sum = add(sum, data);
    });
    let (heard, cost) = report::counted(with_timeout(patience, heard)).await;
    let Ok(heard) = heard else {
        socket.abort();
        return Err(alloc::format!("no end after {bytes} bytes in {patience}"));
    };
    heard.map_err(text)?;
    report::tell("the answer", cost);
    say!(
        "heap of the answer: {} allocations",
        heap::used().allocations - before
    );
    say!(
        "heard {bytes} bytes, sum {sum}, in {} ms",
        start.elapsed().as_millis()
    );
    socket.close().await.map_err(text)
}

/// Meets a server that it must refuse.
#[cfg(feature = "texts")]
pub(crate) async fn refusal(stack: Stack<'static>, order: &Order) -> Outcome {
    let config = trusting(order)?.build().map_err(text)?;
    let mut socket = connected(stack, order).await?;
    let started = socket.start_client_encryption(&config, peer(order)?);
    started.map_err(text)?;
    let (encrypted, cost) = report::counted(socket.wait_for_encrypted()).await;
    report::tell("the refusal", cost);
    match encrypted {
        Err(Error::Failed(FailureKind::CertificateRejected(kind))) => {
            let alert = socket
                .connection()
                .failure()
                .and_then(|failure| failure.alert());
            say!(
                "refused for {kind:?}, told {:?}",
                alert.map(|alert| alert.name())
            );
            Ok(())
        }
        Err(other) => Err(text(other)),
        Ok(()) => Err("it is trusted".to_string()),
    }
}
