//! A server that repeats what its clients say.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;

use embassy_futures::join::join_array;
use embassy_net::Stack;
use embedded_io_async::{Read, Write};
use sslcore_embassy::Error;
use sslcore_embassy::sslcore::{CertificateDer, PrivateKeyDer, ServerConfig, ServerStart};

use super::{CONNECTIONS, RECEIVE, fill_pool, socket, text};
use crate::entropy;
use crate::order::Order;
use crate::report;
use crate::semihosting::say;

/// The port in the guest; QEMU forwards one of the host's.
const PORT: u16 = 443;

/// Serves one client with each of its sockets, all at once.
pub(crate) async fn server(stack: Stack<'static>, order: &Order) -> Result<(), String> {
    let chain = vec![CertificateDer::from(order.file("cert")?)];
    let key = PrivateKeyDer::try_from(order.file("key")?).map_err(text)?;
    let config = ServerConfig::builder(entropy::backend()).identity(chain, key);
    let config = config.build().map_err(text)?;
    fill_pool(CONNECTIONS, RECEIVE)?;
    let clients = [(); CONNECTIONS].map(|()| Box::pin(serve(stack, config.clone())));
    say!("listening");
    for served in join_array(clients).await {
        served?;
    }
    Ok(())
}

async fn serve(stack: Stack<'static>, config: ServerConfig) -> Result<(), String> {
    let mut socket = socket(stack).await;
    let accepted = socket.accept(PORT).await;
    accepted.map_err(|error| alloc::format!("cannot accept: {error:?}"))?;
    let start = ServerStart::With(config);
    socket.start_server_encryption(start).map_err(text)?;
    let (encrypted, cost) = report::counted(socket.wait_for_encrypted()).await;
    encrypted.map_err(text)?;
    report::tell("the handshake", cost);
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
