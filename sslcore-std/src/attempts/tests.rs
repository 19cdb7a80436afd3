use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sslcore::Limits;

use self::deaf::{Deaf, closed};
use super::{Attempts, alternate};
use crate::connect_error::ConnectError;
use crate::link::Link;
use crate::options::SocketOption;
use crate::socket::SslSocket;
use crate::wait_error::WaitError;

#[path = "../../tests/common/deaf.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "it is shared with the tests from outside"
)]
mod deaf;

const LONG: Duration = Duration::from_secs(20);

/// A socket that tries these addresses, and has `time` for it.
fn socket<const N: usize>(addresses: [SocketAddr; N], time: Duration) -> SslSocket {
    let until = Instant::now() + time;
    let error = ConnectError::new("test", 1);
    let attempts = Attempts::start(VecDeque::from(addresses), None, Some(until), error);
    let link = Link::Connecting(Box::new(attempts.expect("one can be tried")));
    SslSocket::over(link, Limits::default(), None)
}

#[test]
fn the_attempt_under_way_is_told_with_its_place_among_the_addresses() {
    let nobody = Deaf::new();
    let deaf = nobody.address;
    let mut socket = socket([closed(), deaf], LONG);
    let waited = socket.wait_for_connected(Some(Duration::from_millis(20)));
    assert_eq!(waited, Err(WaitError::Timeout));
    let attempt = socket.attempt().expect("it is under way");
    assert_eq!((attempt.address, attempt.number, attempt.of), (deaf, 2, 2));
    let (one, _other) = streams();
    let socket = SslSocket::from_stream(one).expect("adopt");
    assert_eq!(socket.attempt(), None);
}

fn streams() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let address = listener.local_addr().expect("address");
    let client = TcpStream::connect(address).expect("connect");
    let (server, _) = listener.accept().expect("accept");
    (client, server)
}

#[test]
fn the_families_take_turns_and_the_first_stays_first() {
    let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"];
    let parsed = addresses.map(|address| address.parse().expect("an address"));
    let order: Vec<_> = alternate(parsed.to_vec())
        .iter()
        .map(SocketAddr::to_string)
        .collect();
    assert_eq!(
        order,
        ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]
    );
}

#[test]
fn an_address_that_does_not_answer_does_not_use_up_the_time_of_the_others() {
    let nobody = Deaf::new();
    let deaf = nobody.address;
    let good = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let good = good.local_addr().expect("address");
    let mut socket = socket([deaf, closed(), good], LONG);
    socket.wait_for_connected(None).expect("the third answers");
    assert_eq!(socket.peer_addr().expect("connected"), good);
}

#[test]
fn when_the_time_is_up_every_address_is_named() {
    let nobody = Deaf::new();
    let deaf = nobody.address;
    let closed = closed();
    let mut socket = socket([closed, deaf, deaf], Duration::from_millis(20));
    let Err(WaitError::CannotConnect(error)) = socket.wait_for_connected(Some(LONG)) else {
        panic!("nobody answers");
    };
    let tried: Vec<_> = error
        .tried()
        .iter()
        .map(|attempt| (attempt.address, attempt.kind))
        .collect();
    let (refused, late) = (ErrorKind::ConnectionRefused, ErrorKind::TimedOut);
    assert_eq!(tried, [(closed, refused), (deaf, late), (deaf, late)]);
}

#[test]
fn an_option_holds_for_the_attempts_that_begin_after_it_was_set() {
    let nobody = Deaf::new();
    let deaf = nobody.address;
    let good = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let good = good.local_addr().expect("address");
    let mut socket = socket([deaf, good], LONG);
    let option = SocketOption::TimeToLive(17);
    socket.set_socket_option(option).expect("set");
    socket.wait_for_connected(None).expect("the second answers");
    assert_eq!(socket.peer_addr().expect("connected"), good);
    let options = socket.socket_options().expect("options");
    assert_eq!(options.time_to_live, 17);
}
