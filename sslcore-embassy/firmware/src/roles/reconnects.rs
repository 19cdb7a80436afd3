//! A client that comes again and again.

use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use sslcore_embassy::SslSocket;

use super::client::request;
use super::{Outcome, POOL, RECEIVE, WINDOW, connect, fill_pool, memory};
use super::{peer, read_to_end, text, trusting};
use crate::order::Order;
use crate::semihosting::say;
use crate::{clock, heap};

/// Asks for a page so many times as `times=` says, on a new connection each time, in the same memory.
pub(crate) async fn reconnects(stack: Stack<'static>, order: &Order) -> Outcome {
    fill_pool(1, RECEIVE)?;
    let mut tcp = TcpSocket::new(stack, memory(WINDOW), memory(WINDOW));
    let before = heap::used().now;
    let config = trusting(order)?.build().map_err(text)?;
    let times: u32 = order.number("times", 100);
    let mut resumed = 0;
    for time in 1..=times {
        let mut socket = SslSocket::new(tcp, POOL.get().await, clock());
        connect(&mut socket, order).await?;
        let started = socket.start_client_encryption(&config, peer(order)?);
        started.map_err(text)?;
        socket.wait_for_encrypted().await.map_err(text)?;
        request(&mut socket, order).await.map_err(text)?;
        let mut bytes = 0;
        let heard = read_to_end(&mut socket, |data| bytes += data.len()).await;
        heard.map_err(text)?;
        socket.close().await.map_err(text)?;
        resumed += u32::from(socket.connection().is_resumed());
        (tcp, _) = socket.into_inner();
        tcp.abort();
        if time % 10 == 0 {
            let held = heap::used().now - before;
            say!("connection {time}: heard {bytes} bytes, heap {held}");
        }
    }
    drop(config);
    let left = heap::used().now - before;
    say!("{times} connections, {resumed} resumed, heap left {left}");
    Ok(())
}
