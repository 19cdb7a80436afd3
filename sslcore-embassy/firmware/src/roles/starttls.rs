//! A client of SMTP, which starts in plaintext (RFC 3207).

use embassy_net::Stack;
use embedded_io_async::Write;

use super::{Outcome, Socket, connected, handshake, peer, read_line, text, trusting};
use crate::order::Order;
use crate::semihosting::say;

/// Says a line, and hears an answer that must begin with this code.
async fn command(socket: &mut Socket, line: &str, code: &str) -> Outcome {
    socket.write_all(line.as_bytes()).await.map_err(text)?;
    socket.flush().await.map_err(text)?;
    loop {
        let answer = read_line(socket).await?;
        if !answer.starts_with(code) {
            return Err(alloc::format!("{line:?} was answered {answer:?}"));
        }
        // A dash says that there is more.
        if answer.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}

/// Greets, starts TLS, greets again, and leaves.
pub(crate) async fn starttls(stack: Stack<'static>, order: &Order) -> Outcome {
    let config = trusting(order)?.build().map_err(text)?;
    let mut socket = connected(stack, order).await?;
    command(&mut socket, "", "220").await?;
    command(&mut socket, "EHLO firmware\r\n", "250").await?;
    command(&mut socket, "STARTTLS\r\n", "220").await?;
    let started = socket.start_client_encryption(&config, peer(order)?);
    started.map_err(text)?;
    handshake(&mut socket).await?;
    command(&mut socket, "EHLO firmware\r\n", "250").await?;
    command(&mut socket, "QUIT\r\n", "221").await?;
    say!("left in order");
    socket.close().await.map_err(text)
}
