//! Leaving a handshake after any of its steps: the other end can always read what it is told, since
//! no two records are sealed with one key and one number, and none is in the clear behind keys.

use sslcore::{Alert, ClientConfig, Event, FailureKind, Progress, ServerConfig, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, server};

/// How an end leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Close,
    Timeout,
}

#[derive(Clone, Copy, Debug)]
struct Kind {
    version: &'static str,
    client_certificate: bool,
    retried: bool,
    resumed: bool,
    forgiven: bool,
}

fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for version in ["TLSv1.2", "TLSv1.3"] {
        for bits in 0..16 {
            let kind = Kind {
                version,
                client_certificate: bits & 1 > 0,
                retried: bits & 2 > 0,
                resumed: bits & 4 > 0,
                forgiven: bits & 8 > 0,
            };
            let impossible = kind.retried && version == "TLSv1.2"
                || kind.resumed && kind.forgiven
                || kind.forgiven && !kind.client_certificate;
            if !impossible {
                kinds.push(kind);
            }
        }
    }
    kinds
}

fn configs(kind: Kind) -> (ClientConfig, ServerConfig) {
    let mut client = client(backend()).protocols(&[kind.version]);
    let mut server = server(backend()).protocols(&[kind.version]);
    if kind.client_certificate {
        client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
        server = server.verify_mode(VerifyMode::Verify);
    } else {
        server = server.verify_mode(VerifyMode::None);
    }
    if kind.forgiven {
        let stranger = &WORLD.stranger;
        client = client.identity(stranger.chain.clone(), stranger.key());
        server = server.verify_mode(VerifyMode::Query);
    }
    if kind.retried {
        client = client.groups(&["X25519", "secp256r1"]);
        server = server.groups(&["secp256r1"]);
    }
    let configs = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    if kind.resumed {
        Pair::encrypted(&configs.0, &configs.1);
    }
    configs
}

/// One step, its events, and nothing sent.
fn step(end: &mut End) -> bool {
    let progress = end.conn.process(end.now());
    while let Some(event) = end.conn.poll_event() {
        end.events.push(event);
    }
    progress != Progress::Idle
}

/// Moves what is there, without a step.
fn carry(from: &mut End, to: &mut End) -> bool {
    let bytes = from.conn.transmit().to_vec();
    from.conn.transmitted(bytes.len()).expect("shown");
    if !bytes.is_empty() && to.conn.receive(&bytes).is_err() {
        return false;
    }
    !bytes.is_empty()
}

/// Both go on step by step until one of them has made so many. Whether it has.
fn advance(pair: &mut Pair, of_client: bool, steps: usize) -> bool {
    let mut made = 0;
    for _ in 0..10_000 {
        if made == steps {
            return true;
        }
        let (mover, other) = match of_client {
            true => (&mut pair.client, &mut pair.server),
            false => (&mut pair.server, &mut pair.client),
        };
        let mut any = false;
        while step(other) {
            any = true;
        }
        any |= carry(other, mover);
        let worked = step(mover);
        made += usize::from(worked);
        if made == steps {
            return true;
        }
        any |= worked;
        any |= carry(mover, other);
        if !any {
            return false;
        }
    }
    panic!("never idle");
}

#[test]
fn the_other_end_reads_the_farewell_whatever_step_it_comes_after() {
    for kind in kinds() {
        let (client, server) = configs(kind);
        for of_client in [true, false] {
            for way in [Way::Close, Way::Timeout] {
                let mut left = 0;
                for steps in 0..200 {
                    let mut pair = Pair::tls(&client, &server);
                    if !advance(&mut pair, of_client, steps) {
                        break;
                    }
                    let (mover, other) = match of_client {
                        true => (&mut pair.client, &mut pair.server),
                        false => (&mut pair.server, &mut pair.client),
                    };
                    if mover.saw(Event::Encrypted) {
                        break;
                    }
                    left += 1;
                    match way {
                        Way::Close => mover.conn.close(),
                        Way::Timeout => match mover.conn.deadline() {
                            Some(deadline) => mover.time = deadline,
                            None => continue,
                        },
                    }
                    let sent = mover.take();
                    let case = format!("{kind:?} client {of_client} {way:?} after {steps}");
                    other.give(&sent, usize::MAX);
                    other.take();
                    let failure = other.conn.failure().map(sslcore::Failure::kind);
                    let told = match way {
                        Way::Close => other.saw(Event::AlertReceived(Alert::UserCanceled)),
                        Way::Timeout => other.saw(Event::AlertReceived(Alert::HandshakeFailure)),
                    };
                    let fine = match failure {
                        Some(FailureKind::ClosedDuringHandshake) => way == Way::Close,
                        Some(FailureKind::AlertReceived(alert)) => {
                            way == Way::Timeout && alert == Alert::HandshakeFailure
                        }
                        // It was done with the handshake: close_notify is an ordinary end.
                        None => other.saw(Event::PeerClosed) || sent.is_empty(),
                        _ => false,
                    };
                    let before_hello = of_client && sent.is_empty();
                    // A server refuses a warning in the place of a hello, and does not tell it.
                    let early = failure == Some(FailureKind::ClosedDuringHandshake);
                    assert!(
                        fine && (told || before_hello || early),
                        "{case}: {failure:?} {:?} {sent:02x?}",
                        other.events
                    );
                }
                assert!(left > 2, "{kind:?} {of_client} {way:?} {left}");
            }
        }
    }
}
