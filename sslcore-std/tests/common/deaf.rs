//! Addresses that lead nowhere.

use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

/// A port that does not answer: its queue is full, so the system leaves whoever calls unanswered
/// until the first is accepted.
pub struct Deaf {
    pub listener: TcpListener,
    pub address: SocketAddr,
    _first: TcpStream,
}

impl Deaf {
    pub fn new() -> Self {
        let fd = socket(AddressFamily::INET, SocketType::STREAM, None).expect("socket");
        bind(&fd, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("bind");
        listen(&fd, 0).expect("listen");
        let listener = TcpListener::from(fd);
        let address = listener.local_addr().expect("address");
        Self {
            _first: TcpStream::connect(address).expect("the only one in the queue"),
            listener,
            address,
        }
    }
}

/// Where nobody listens.
pub fn closed() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    listener.local_addr().expect("address")
}
