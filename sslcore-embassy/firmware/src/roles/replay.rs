//! A client and a server on one device, without a network: what they cost is the same each time.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::{Pipe, Reader, Writer};
use embassy_sync::signal::Signal;
use sslcore_embassy::sslcore::{
    ClientConfig, Connection, Event, Limits, PeerName, Progress, ServerConfig, ServerStart,
};
use sslcore_embassy::{Halves, SslSocket};

use super::{Outcome, POOL, RECEIVE, asking, fill_pool, identified, peer, serving, text, trusting};
use crate::order::Order;
use crate::report::{self, Cost};
use crate::{clock, entropy};

/// What a pipe holds: less than a flight.
const PIPE: usize = 512;

type Lock = CriticalSectionRawMutex;
type Carrier = Halves<Reader<'static, Lock, PIPE>, Writer<'static, Lock, PIPE>>;
type Served = Signal<Lock, (Outcome, Cost)>;

/// Handshakes of each kind: first the connections alone, then sockets over pipes.
pub(crate) async fn replay(spawner: Spawner, order: &Order) -> Outcome {
    fill_pool(2, RECEIVE)?;
    entropy::seed(1);
    let server = serving(order)?.build().map_err(text)?;
    let asking = asking(serving(order)?, order)?.build().map_err(text)?;
    let versions = order.get("versions").unwrap_or("TLSv1.3+TLSv1.2");
    for version in versions.split('+') {
        let client = trusting(order)?.protocols(&[version]);
        let client = client.build().map_err(text)?;
        alone(&[version], &client, &server, peer(order)?)?;
        alone(&[version, " resumed"], &client, &server, peer(order)?)?;
        let client = identified(trusting(order)?, order)?.protocols(&[version]);
        let client = client.build().map_err(text)?;
        alone(&[version, " mutual"], &client, &asking, peer(order)?)?;
        let client = trusting(order)?.protocols(&[version]);
        let client = client.build().map_err(text)?;
        over_pipes(spawner, version, &client, &server, peer(order)?).await?;
    }
    Ok(())
}

/// One end of a connection.
struct End {
    connection: Connection,
    /// Of all calls of `process`.
    cost: Cost,
}

impl End {
    fn new() -> Result<Self, String> {
        let buffers = POOL.try_get().ok_or("no memory is left")?;
        Ok(Self {
            connection: Connection::new(Limits::default(), buffers),
            cost: Cost::default(),
        })
    }

    /// Works as long as there is work.
    fn work(&mut self) -> Outcome {
        loop {
            let process = || self.connection.process(clock().now());
            let progress = report::measured(&mut self.cost, process);
            while let Some(event) = self.connection.poll_event() {
                if let Event::Failed(failure) = event {
                    return Err(text(failure));
                }
            }
            if progress == Progress::Idle {
                return Ok(());
            }
        }
    }

    /// Hands bytes to the other end. Says whether there were some.
    fn carry(&mut self, other: &mut Self) -> Result<bool, String> {
        let received = other.connection.receive(self.connection.transmit());
        let received = received.map_err(text)?;
        self.connection.transmitted(received).map_err(text)?;
        Ok(received > 0)
    }
}

/// A handshake of two connections that are driven by hand.
fn alone(name: &[&str], client: &ClientConfig, server: &ServerConfig, peer: PeerName) -> Outcome {
    let (mut one, mut other) = (End::new()?, End::new()?);
    let started = one.connection.start_client_encryption(client, peer);
    started.map_err(text)?;
    let start = ServerStart::With(server.clone());
    let started = other.connection.start_server_encryption(start);
    started.map_err(text)?;
    loop {
        one.work()?;
        other.work()?;
        if !(one.carry(&mut other)? | other.carry(&mut one)?) {
            break;
        }
    }
    if !(one.connection.is_encrypted() && other.connection.is_encrypted()) {
        return Err("the handshake has no end".to_string());
    }
    if one.connection.is_resumed() != name.contains(&" resumed") {
        return Err("it was resumed when it should not, or was not".to_string());
    }
    let name = name.concat();
    report::replayed(&name, "client", one.cost);
    report::replayed(&name, "server", other.cost);
    Ok(())
}

/// A handshake of two sockets in two tasks.
async fn over_pipes(
    spawner: Spawner,
    name: &str,
    client: &ClientConfig,
    server: &ServerConfig,
    peer: PeerName,
) -> Outcome {
    let pipe = || Box::leak(Box::new(Pipe::<Lock, PIPE>::new())).split();
    let ((at_server, to_server), (at_client, to_client)) = (pipe(), pipe());
    let here = Halves {
        reader: at_client,
        writer: to_server,
    };
    let there = Halves {
        reader: at_server,
        writer: to_client,
    };
    let served: &'static Served = Box::leak(Box::new(Signal::new()));
    spawner.spawn(serve(there, server.clone(), served).map_err(|_| "no room for a task")?);
    let mut socket = SslSocket::new(here, POOL.get().await, clock());
    let started = socket.start_client_encryption(client, peer);
    started.map_err(text)?;
    let (encrypted, cost) = report::counted(socket.wait_for_encrypted()).await;
    encrypted.map_err(text)?;
    let (outcome, at_server) = served.wait().await;
    outcome?;
    report::replayed(name, "client over a pipe", cost);
    report::replayed(name, "server over a pipe", at_server);
    Ok(())
}

/// One of each version.
#[embassy_executor::task(pool_size = 2)]
async fn serve(carrier: Carrier, config: ServerConfig, served: &'static Served) {
    let mut socket = SslSocket::new(carrier, POOL.get().await, clock());
    let started = socket.start_server_encryption(ServerStart::With(config));
    let (encrypted, cost) = report::counted(socket.wait_for_encrypted()).await;
    let outcome = started.map_err(text).and(encrypted.map_err(text));
    served.signal((outcome, cost));
}
