//! Static memory for connections.

mod common;

use common::pipe::duplex;
use common::tasks::{Task, both, once, rest, run, run_all};
use common::{client, clock, pattern, server};
use embedded_io_async::{Read, Write};
use sslcore::{Buffers, ConfigError, Limits, ServerStart};
use sslcore_embassy::{Pool, PoolError, SslSocket};
use sslcore_tests::pair::server_name;

/// 18,437 bytes hold the largest record of TLS 1.2.
const RECEIVE: usize = 18_437 + 1000;

fn memory<const N: usize>() -> &'static mut [u8] {
    Box::leak(Box::new([0; N]))
}

fn pool<const N: usize>() -> &'static Pool<N> {
    let pool: &'static Pool<N> = Box::leak(Box::default());
    for _ in 0..N {
        pool.add(memory::<RECEIVE>(), memory::<2000>())
            .expect("room");
    }
    pool
}

#[test]
fn a_connection_lives_in_memory_of_a_pool_and_gives_it_back() {
    let pool = pool::<2>();
    let data = pattern(60_000);
    for _ in 0..3 {
        let (one, other) = duplex(1000);
        let take = || pool.try_get().expect("free");
        let mut one = SslSocket::with_limits(one, take(), clock(), Limits::default());
        let mut other = SslSocket::new(other, take(), clock());
        one.start_client_encryption(&client("TLSv1.3"), server_name())
            .expect("started");
        other
            .start_server_encryption(ServerStart::With(server("TLSv1.3")))
            .expect("started");
        assert!(pool.try_get().is_none());
        let mut heard = vec![0; data.len()];
        run(both(
            async {
                one.write_all(&data).await.expect("said");
                one.close().await.expect("closed");
            },
            async { other.read_exact(&mut heard).await.expect("heard") },
        ));
        assert!(heard == data);
        // One is dropped, the other gives its memory back itself.
        drop(one);
        let (_, buffers) = other.into_inner();
        assert!(matches!(buffers, Buffers::Lent { .. }));
    }
    assert_eq!(
        format!("{pool:?}"),
        "Pool { receive: 2 of 2, transmit: 2 of 2 }"
    );
}

#[test]
fn a_future_that_is_dropped_gives_its_memory_back() {
    let pool = pool::<1>();
    let connecting = async {
        let (one, _other) = duplex(1000);
        let mut socket = SslSocket::new(one, pool.get().await, clock());
        socket
            .start_client_encryption(&client("TLSv1.3"), server_name())
            .expect("started");
        socket.wait_for_encrypted().await
    };
    assert!(once(connecting).is_none(), "nobody answers");
    assert!(pool.try_get().is_some());
}

#[test]
fn whoever_waits_for_memory_is_woken() {
    let pool = pool::<1>();
    let taken = pool.try_get();
    let mut waiting: Vec<Task<'_>> = (0..6)
        .map(|_| Task::new(async { drop(pool.get().await) }))
        .collect();
    assert!(!rest(&mut waiting));
    drop(taken);
    run_all(&mut waiting);
}

/// As when a connection is dropped, and a task of a higher priority comes in between.
#[test]
fn whoever_waits_sleeps_until_both_buffers_have_come_back() {
    let pool = pool::<1>();
    let taken = pool.try_get();
    let mut waiting = Task::new(async { drop(pool.get().await) });
    waiting.poll();
    let Some(Buffers::Lent {
        receive, transmit, ..
    }) = taken
    else {
        panic!("{taken:?}");
    };
    drop(receive);
    assert!(waiting.poll());
    assert!(!waiting.poll(), "it wakes itself");
    drop(transmit);
    run_all(&mut [waiting]);
}

#[test]
fn a_pool_takes_as_much_as_it_has_room_for() {
    static POOL: Pool<1> = Pool::new();
    assert!(POOL.try_get().is_none());
    let needed = 512;
    let small = POOL.add(memory::<511>(), memory::<600>());
    assert_eq!(
        small,
        Err(PoolError::Unfit(ConfigError::BufferTooSmall { needed }))
    );
    assert_eq!(POOL.add(memory::<600>(), memory::<600>()), Ok(()));
    let full = POOL.add(memory::<600>(), memory::<600>());
    assert_eq!(full, Err(PoolError::Full));
    // Also while the memory is in use.
    let taken = POOL.try_get();
    let full = POOL.add(memory::<600>(), memory::<600>());
    assert_eq!(full, Err(PoolError::Full));
    drop(taken);
    assert!(!PoolError::Full.to_string().is_empty());
}
