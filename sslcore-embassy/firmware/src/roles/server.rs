//! A server that repeats what its clients say.

use alloc::boxed::Box;
use alloc::vec;

use embassy_futures::join::join_array;
use embassy_net::Stack;
use embedded_io_async::{Read, Write};
use sslcore_embassy::Error;
use sslcore_embassy::sslcore::{ServerConfig, ServerStart};

use super::{
    CONNECTIONS, Outcome, RECEIVE, fill_pool, handshake, listening, run_short, serving, text,
};
use crate::heap;
use crate::order::Order;
use crate::semihosting::say;

/// Serves one client with each of its sockets, all at once.
pub(crate) async fn server(stack: Stack<'static>, order: &Order) -> Outcome {
    let config = serving(order)?.build().map_err(text)?;
    fill_pool(CONNECTIONS, RECEIVE)?;
    run_short(order);
    let clients = [(); CONNECTIONS].map(|()| Box::pin(serve(stack, config.clone())));
    say!("listening");
    for served in join_array(clients).await {
        served?;
    }
    Ok(())
}

async fn serve(stack: Stack<'static>, config: ServerConfig) -> Outcome {
    let mut socket = listening(stack).await?;
    heap::forget_peak();
    let before = heap::used().now;
    let start = ServerStart::With(config);
    socket.start_server_encryption(start).map_err(text)?;
    handshake(&mut socket).await?;
    // Of this connection, if it is the only one.
    let used = heap::used();
    say!(
        "heap of the handshake: peak {}, idle {}",
        used.peak.saturating_sub(before),
        used.now.saturating_sub(before)
    );
    if let Some(client) = socket.connection().peer_certificate() {
        say!("the client is {:?}", client.common_name());
    }
    // One half hears while the other says.
    let mut shared = socket.into_shared();
    let (mut reader, mut writer) = shared.split();
    let mut piece = vec![0; 2000];
    let mut bytes = 0;
    let repeated: Result<(), Error> = async {
        while let len @ 1.. = reader.read(&mut piece).await? {
            writer.write_all(&piece[..len]).await?;
            writer.flush().await?;
            bytes += len;
        }
        writer.close().await
    }
    .await;
    repeated.map_err(text)?;
    say!("repeated {bytes} bytes");
    Ok(())
}
