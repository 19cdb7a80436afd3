//! Servers of the documentation's examples, at work.

use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};

use sslcore::{ConfigBuilder, ServerConfig};
use sslcore_std::{AcceptError, ServerEvent, SslServer};

/// Runs an example's loop in a thread of its own, until `clients` is done with it. `clients` is given
/// what became of each connection.
pub fn example(
    config: ConfigBuilder<ServerConfig>,
    serve: impl FnOnce(
        &mut SslServer,
        &mut dyn FnMut(ServerEvent) -> ControlFlow<()>,
    ) -> Result<(), AcceptError>
    + Send,
    clients: impl FnOnce(SocketAddr, Receiver<ServerEvent>),
) {
    let config = config.build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let address = server.local_addr().expect("address");
    let (note, noted) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let note = &mut |event| {
                let handed_out = matches!(
                    event,
                    ServerEvent::Encrypted { .. } | ServerEvent::Failed { .. }
                );
                match handed_out && note.send(event).is_err() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            };
            serve(&mut server, note).expect("served");
        });
        let _last = Last(address);
        clients(address, noted);
    });
}

/// One more connection at the end, for the server to see that the test is over, also when it has failed.
struct Last(SocketAddr);

impl Drop for Last {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.0));
    }
}
