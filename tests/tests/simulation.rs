//! `sslcore::testing::Simulation`: sessions over networks that are slow, cut, and in the way, in a
//! time of their own.
#![cfg(feature = "testing")]

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::crypto::Backend;
use sslcore::testing::{
    End, Fault, Happening, Link, Simulation, What, backend_without_security, known_identity,
    rustcrypto_without_security,
};
use sslcore::{
    ClientConfig, Event, FailureKind, Instant, Limits, PeerName, ReadEnd, ServerConfig,
    ServerStart, Timeouts,
};
use sslcore_tests::effort::cases;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn at(since: Duration) -> Instant {
    Instant::default().after(since)
}

fn started(seed: u64, link: Link, limits: [Limits; 2], make: fn(u64) -> Backend) -> Simulation {
    let (chain, key) = known_identity();
    let client = ClientConfig::builder(make(seed)).trust_anchors(chain.clone());
    let server = ServerConfig::builder(make(seed + 1)).identity(chain, key);
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    let mut simulation = Simulation::between(seed, link, limits);
    let name = PeerName::new("server.test").expect("a name");
    let conn = simulation.end(End::Client);
    conn.start_client_encryption(&client, name).expect("start");
    let conn = simulation.end(End::Server);
    let start = ServerStart::With(server);
    conn.start_server_encryption(start).expect("start");
    simulation
}

fn plain(link: Link) -> Simulation {
    started(1, link, [Limits::default(); 2], backend_without_security)
}

/// Runs until nothing happens any more, and says what there was to read at each end.
fn run(simulation: &mut Simulation, until: Option<Instant>) -> [Vec<u8>; 2] {
    let mut heard = [Vec::new(), Vec::new()];
    loop {
        let happening = match until {
            Some(until) => simulation.next_until(until),
            None => simulation.next(),
        };
        let Some((end, happening)) = happening else {
            return heard;
        };
        if happening == Happening::Readable {
            let conn = simulation.end(end);
            heard[end as usize].extend_from_slice(conn.peek());
            let n = conn.peek().len();
            conn.consume(n).expect("peek showed them");
        }
    }
}

fn transcript(simulation: &Simulation) -> Vec<String> {
    let entries = simulation.transcript().iter();
    entries.map(|entry| entry.to_string()).collect()
}

fn when(simulation: &Simulation, end: End, event: Event) -> Option<Instant> {
    let what = What::Tells(Happening::Event(event));
    let mut entries = simulation.transcript().iter();
    let entry = entries.find(|entry| entry.end == end && entry.what == what);
    entry.map(|entry| entry.at)
}

/// Data in both directions and an orderly end, over a link of which the seed knows more.
fn conversation(seed: u64, make: fn(u64) -> Backend) -> (Vec<String>, [Vec<u8>; 2]) {
    let link = Link {
        latency: Duration::from_millis(seed % 90),
        jitter: Duration::from_millis(seed * 7 % 50),
        chunk: [1, 7, 100, 1460, 20_000][(seed % 5) as usize],
        window: [100, 500, 3000, 65_536][(seed % 4) as usize],
    };
    let small = Limits {
        read_buffer_size: 100,
        transmit: 600,
        ..Limits::default()
    };
    let limits = match seed % 3 {
        0 => [small, Limits::default()],
        1 => [Limits::default(), small],
        _ => [Limits::default(); 2],
    };
    let mut simulation = started(seed, link, limits, make);
    simulation.schedule(
        at(Duration::from_millis(40)),
        Fault::Stall(End::Server, seconds(3)),
    );
    simulation.schedule(at(seconds(5)), Fault::Partition(seconds(1)));
    let mut rest = [vec![b'c'; 5000], vec![b's'; 9000]];
    let mut heard = [Vec::new(), Vec::new()];
    for _ in 0..10_000 {
        let mut wrote = false;
        for end in [End::Client, End::Server] {
            let rest = &mut rest[end as usize];
            let conn = simulation.end(end);
            if rest.is_empty() {
                conn.close();
            } else {
                let n = conn.write(rest).expect("open");
                rest.drain(..n);
                wrote |= n > 0;
            }
        }
        let until = simulation.now().monotonic.after(Duration::from_millis(200));
        let more = run(&mut simulation, Some(until));
        for (heard, more) in heard.iter_mut().zip(more) {
            heard.extend(more);
        }
        let done = [End::Client, End::Server].map(|end| simulation.end(end).is_done());
        if done == [true, true] && !wrote {
            break;
        }
    }
    for end in [End::Client, End::Server] {
        let report = simulation.end(end).close_report();
        assert!(report.expect("over").clean, "{seed}: {simulation:?}");
    }
    (transcript(&simulation), heard)
}

#[test]
fn over_whatever_link_all_data_arrives_and_the_same_seed_gives_the_same_transcript() {
    for seed in 0..30 {
        let (said, heard) = conversation(seed, backend_without_security);
        assert_eq!(heard, [vec![b's'; 9000], vec![b'c'; 5000]], "{seed}");
        let (again, _) = conversation(seed, backend_without_security);
        assert!(said == again, "{seed}: another transcript");
        let (other, _) = conversation(seed + 30, backend_without_security);
        assert!(said != other, "{seed}: the transcript of another seed");
    }
}

#[test]
fn real_cryptography_has_transcripts_too() {
    let (said, heard) = conversation(3, rustcrypto_without_security);
    assert_eq!(heard.map(|heard| heard.len()), [9000, 5000]);
    assert!(said == conversation(3, rustcrypto_without_security).0);
}

#[test]
fn bytes_take_as_long_as_the_link_says() {
    let latency = Duration::from_millis(150);
    let mut simulation = plain(Link {
        latency,
        ..Link::default()
    });
    run(&mut simulation, Some(at(seconds(1))));
    // There and back for the hellos, then once more for the client's Finished.
    let client = when(&simulation, End::Client, Event::Encrypted);
    let server = when(&simulation, End::Server, Event::Encrypted);
    assert_eq!(client, Some(at(2 * latency)));
    assert_eq!(server, Some(at(3 * latency)));
}

#[test]
fn a_working_day_passes_with_a_message_each_minute() {
    let mut simulation = plain(Link::default());
    let mut heard = [0, 0];
    for minute in 1..=480 {
        let until = at(seconds(60 * minute));
        let more = run(&mut simulation, Some(until));
        assert_eq!(simulation.now().monotonic, until);
        for (heard, more) in heard.iter_mut().zip(more) {
            *heard += more.len();
        }
        simulation
            .end(End::Client)
            .write(b"still here?")
            .expect("open");
        simulation.end(End::Server).write(b"yes").expect("open");
        if minute % 60 == 0 {
            simulation.end(End::Client).update_keys().expect("TLS 1.3");
        }
    }
    run(&mut simulation, Some(at(seconds(60 * 481))));
    assert_eq!(heard, [3 * 479, 11 * 479]);
    let updates = when(&simulation, End::Server, Event::KeysUpdated);
    assert!(
        updates.is_some_and(|at| at.as_micros() > 3_600_000_000),
        "{updates:?}"
    );
}

#[test]
fn the_handshake_timeout_is_met_to_the_microsecond() {
    let mut simulation = plain(Link::default());
    simulation.schedule(at(Duration::ZERO), Fault::Partition(seconds(3600)));
    run(&mut simulation, Some(at(seconds(100))));
    let timeout = Event::Failed(FailureKind::HandshakeTimeout);
    for (end, timeouts) in [
        (End::Client, Timeouts::CLIENT),
        (End::Server, Timeouts::SERVER),
    ] {
        let expected = timeouts.handshake.map(at);
        assert_eq!(when(&simulation, end, timeout), expected);
    }
}

#[test]
fn what_a_partition_held_up_arrives_behind_it() {
    let mut simulation = plain(Link::default());
    run(&mut simulation, Some(at(seconds(1))));
    simulation.schedule(at(seconds(1)), Fault::Partition(seconds(7200)));
    simulation.end(End::Client).write(b"hello?").expect("open");
    simulation.end(End::Server).write(b"hello!").expect("open");
    let heard = run(&mut simulation, Some(at(seconds(7200))));
    assert_eq!(heard, [vec![], vec![]]);
    let heard = run(&mut simulation, Some(at(seconds(7202))));
    assert_eq!(heard, [b"hello!".to_vec(), b"hello?".to_vec()]);
}

#[test]
fn a_stall_is_in_one_direction() {
    let mut simulation = plain(Link::default());
    run(&mut simulation, Some(at(seconds(1))));
    simulation.schedule(at(seconds(1)), Fault::Stall(End::Server, seconds(10)));
    simulation.end(End::Client).write(b"hello?").expect("open");
    simulation.end(End::Server).write(b"hello!").expect("open");
    let heard = run(&mut simulation, Some(at(seconds(5))));
    assert_eq!(heard, [vec![], b"hello?".to_vec()]);
    let heard = run(&mut simulation, Some(at(seconds(12))));
    assert_eq!(heard, [b"hello!".to_vec(), vec![]]);
}

#[test]
fn a_reset_ends_both_at_once_and_loses_what_is_under_way() {
    let mut simulation = plain(Link::default());
    run(&mut simulation, Some(at(seconds(1))));
    simulation.end(End::Client).write(b"hello?").expect("open");
    let moment = at(Duration::from_millis(1010));
    simulation.schedule(moment, Fault::Reset);
    let heard = run(&mut simulation, None);
    assert_eq!(heard, [vec![], vec![]]);
    for end in [End::Client, End::Server] {
        let reset = Event::Failed(FailureKind::Reset);
        assert_eq!(when(&simulation, end, reset), Some(moment));
        assert_eq!(simulation.end(end).read_end(), Some(ReadEnd::Reset));
    }
}

#[test]
fn nothing_to_wait_for_is_the_end_of_the_run() {
    let mut simulation = plain(Link::default());
    run(&mut simulation, None);
    // Both are encrypted, and wait for their applications.
    assert!(simulation.end(End::Client).is_encrypted());
    let rest = simulation.now().monotonic;
    assert_eq!(simulation.next(), None);
    assert_eq!(simulation.now().monotonic, rest);
    simulation.end(End::Client).close();
    simulation.end(End::Server).close();
    run(&mut simulation, None);
    let lines = transcript(&simulation);
    let done = lines
        .iter()
        .filter(|line| line.ends_with("is done"))
        .count();
    assert_eq!(done, 2, "{lines:#?}");
}

#[test]
fn what_takes_for_ever_arrives_at_the_end_of_time() {
    let end = Instant::from_micros(u64::MAX);
    for (latency, jitter) in [
        (Duration::MAX, Duration::ZERO),
        (Duration::ZERO, Duration::MAX),
        (Duration::from_micros(u64::MAX), Duration::MAX),
    ] {
        let link = Link {
            latency,
            jitter,
            chunk: usize::MAX,
            window: usize::MAX,
        };
        let mut simulation = plain(link);
        simulation.schedule(end, Fault::Stall(End::Server, Duration::MAX));
        run(&mut simulation, Some(at(seconds(100))));
        let timeout = Event::Failed(FailureKind::HandshakeTimeout);
        let told = when(&simulation, End::Client, timeout);
        assert_eq!(told, Timeouts::CLIENT.handshake.map(at));
        run(&mut simulation, Some(end));
        assert_eq!(simulation.now().monotonic, end);
    }
}

fn any_time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        any::<u64>().prop_map(Duration::from_micros),
        (0..2000_u64).prop_map(Duration::from_millis),
    ]
}

fn any_size() -> impl Strategy<Value = usize> {
    prop_oneof![Just(usize::MAX), any::<usize>(), 0..2000_usize]
}

fn any_link() -> impl Strategy<Value = Link> {
    (any_time(), any_time(), any_size(), any_size()).prop_map(|(latency, jitter, chunk, window)| {
        Link {
            latency,
            jitter,
            chunk,
            window,
        }
    })
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let end = prop_oneof![Just(End::Client), Just(End::Server)];
    prop_oneof![
        (end, any_time()).prop_map(|(end, time)| Fault::Stall(end, time)),
        any_time().prop_map(Fault::Partition),
        Just(Fault::Reset),
    ]
}

/// The run of a network that bytes describe, as its transcript.
fn described(bytes: &[u8]) -> (Vec<String>, bool) {
    let mut input = Unstructured::new(bytes);
    let mut next = || -> arbitrary::Result<_> {
        let links: [Link; 2] = Arbitrary::arbitrary(&mut input)?;
        let faults: Vec<(u16, Fault)> = Arbitrary::arbitrary(&mut input)?;
        Ok((links, faults))
    };
    let (links, faults) = next().expect("as many bytes as the links need");
    let limits = [Limits::default(); 2];
    let mut simulation = started(1, links[0], limits, backend_without_security);
    simulation.set_link(End::Server, links[1]);
    for (millis, fault) in faults {
        simulation.schedule(Instant::from_millis(millis.into()), fault);
    }
    run(&mut simulation, Some(at(seconds(600))));
    let mut ends = [End::Client, End::Server].into_iter();
    let encrypted = ends.all(|end| simulation.end(end).is_encrypted());
    (transcript(&simulation), encrypted)
}

#[test]
fn the_links_of_a_fuzzer_carry_a_handshake_unless_its_faults_forbid_it() {
    for byte in [0, 1, 7, 99, 255] {
        let (_, encrypted) = described(&[byte; 16]);
        assert!(encrypted, "{byte}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(100), ..ProptestConfig::default() })]

    /// Whatever the network is, and however it fails, a run goes on and none of it panics.
    #[test]
    fn no_network_does_harm(
        seed in any::<u64>(),
        links in [any_link(), any_link()],
        sizes in [any_size(), any_size(), any_size()],
        faults in vec((any_time(), any_fault()), 0..4),
    ) {
        let limits = Limits {
            read_buffer_size: sizes[0],
            transmit: sizes[1],
            queued: sizes[2],
            ..Limits::default()
        };
        let seed = seed >> 1; // the server's is the next
        let mut simulation = started(seed, links[0], [limits; 2], backend_without_security);
        simulation.set_link(End::Server, links[1]);
        for (time, fault) in faults {
            simulation.schedule(at(time), fault);
        }
        for until in [at(seconds(1)), at(seconds(100)), Instant::from_micros(u64::MAX)] {
            for end in [End::Client, End::Server] {
                let _ = simulation.end(end).write(b"hello?");
            }
            run(&mut simulation, Some(until));
            prop_assert_eq!(simulation.now().monotonic, until);
            for end in [End::Client, End::Server] {
                simulation.end(end).close();
            }
        }
    }

    #[test]
    fn the_same_bytes_describe_the_same_run(bytes in vec(any::<u8>(), 16..80)) {
        prop_assert_eq!(described(&bytes), described(&bytes));
    }
}
