//! `unread`: what was read is put back.

use sslcore::{Limits, UsageError};
use sslcore_tests::pair::{End, Pair, backend, client, server};

fn refused(given: usize, available: usize) -> Result<(), UsageError> {
    Err(UsageError::TooManyBytes { given, available })
}

#[test]
fn what_is_put_back_is_read_again_in_front_of_the_rest() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.server.write(b"HELLO there");
    pair.run();
    let conn = &mut pair.client.conn;
    let mut word = [0; 6];
    assert_eq!(conn.read(&mut word), Ok(6));
    conn.unread(&word).expect("it was just there");
    assert_eq!(conn.peek(), b"HELLO there");
    conn.consume(11).expect("all");
    conn.unread(b"there").expect("read");
    conn.unread(b"Hello ").expect("read");
    assert_eq!(conn.peek(), b"Hello there");
}

#[test]
fn records_that_are_still_on_their_way_are_not_disturbed() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.server.write(&[b'.'; 500]);
    pair.run();
    pair.client.conn.consume(500).expect("all");
    pair.server.write(b"there");
    pair.run();
    pair.server.write(b", and more");
    let wire = pair.server.take();
    let conn = &mut pair.client.conn;
    assert_eq!(conn.receive(&wire[..10]), Ok(10));
    conn.unread(&[b'.'; 500]).expect("read");
    assert_eq!(conn.receive(&wire[10..]), Ok(wire.len() - 10));
    pair.client.settle();
    let expected = [&[b'.'; 500][..], b"there, and more"].concat();
    assert_eq!(pair.client.read_all(), expected);
}

#[test]
fn no_more_is_put_back_than_was_read_and_not_put_back_since() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    let conn = &mut pair.client.conn;
    assert_eq!(conn.unread(b"x"), refused(1, 0), "nothing was read");
    assert_eq!(conn.unread(b""), Ok(()));
    pair.server.write(b"a line");
    pair.run();
    let conn = &mut pair.client.conn;
    assert_eq!(conn.unread(b"x"), refused(1, 0), "nothing was read yet");
    assert_eq!(conn.read(&mut [0; 3]), Ok(3));
    conn.consume(2).expect("two more");
    assert_eq!(conn.unread(b"123456"), refused(6, 5));
    assert_eq!(conn.peek(), b"e", "all of it or nothing");
    assert_eq!(conn.unread(b"345"), Ok(()));
    assert_eq!(conn.unread(b"012"), refused(3, 2));
    assert_eq!(conn.unread(b"12"), Ok(()));
    assert_eq!(conn.unread(b"0"), refused(1, 0));
    assert_eq!(pair.client.read_all(), b"12345e");
}

#[test]
fn no_more_is_put_back_than_there_is_room_for() {
    let limits = Limits {
        read_buffer_size: 100,
        ..Limits::default()
    };
    let mut end = End::new(limits);
    let cap = 100 + 18_437;
    end.give(&vec![1; cap], cap);
    assert_eq!(end.read_all().len(), cap);
    end.conn.receive(&[2; 50]).expect("room");
    let all = vec![1; cap];
    assert_eq!(end.conn.unread(&all), refused(cap, cap - 50), "it took it");
    assert_eq!(end.conn.unread(&all[50..]), Ok(()), "just so much");
    assert_eq!(end.conn.unread(b"x"), refused(1, 0));
    assert!(end.conn.peek() == &all[50..]);
    assert!(!end.conn.wants_receive());
    end.conn.consume(cap - 50).expect("all of it");
    assert!(end.conn.wants_receive());
    assert_eq!(end.read_all(), [2; 50]);
}

#[test]
fn what_was_just_read_has_room_although_the_limit_has_become_smaller_and_the_memory_is_gone() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    let data = vec![1; 30_000];
    pair.client.conn.set_read_buffer_size(usize::MAX);
    pair.server.write(&data);
    pair.run();
    pair.client.conn.set_read_buffer_size(0);
    let all = pair.client.read_all();
    assert!(all == data);
    assert_eq!(pair.client.conn.unread(&all), Ok(()));
    assert!(pair.client.conn.peek() == all);
    pair.client.conn.consume(all.len()).expect("all of it");
    // Not once others have arrived.
    pair.server.write(b"more");
    pair.run();
    let refused = pair.client.conn.unread(&all);
    assert!(
        matches!(refused, Err(UsageError::TooManyBytes { given: 30_000, .. })),
        "{refused:?}"
    );
}

#[test]
fn what_was_read_before_tls_is_not_put_back_behind_its_start() {
    let mut pair = Pair::default();
    pair.server.write(b"220 go ahead\r\n");
    pair.run();
    assert_eq!(pair.client.read_all(), b"220 go ahead\r\n");
    let client = client(backend()).build().expect("client");
    let server = server(backend()).build().expect("server");
    pair.start(&client, &server);
    for _ in 0..2 {
        assert_eq!(pair.client.conn.unread(b"2"), refused(1, 0), "rule R2");
        assert!(pair.client.conn.peek().is_empty());
        pair.run();
    }
    assert!(pair.client.conn.is_encrypted());
    pair.server.write(b"250 ready\r\n");
    pair.run();
    let conn = &mut pair.client.conn;
    assert_eq!(conn.read(&mut [0; 4]), Ok(4));
    assert_eq!(conn.unread(b"20 250 "), refused(7, 4));
    assert_eq!(conn.unread(b"250 "), Ok(()));
    assert_eq!(pair.client.read_all(), b"250 ready\r\n");
}

#[test]
fn what_was_thrown_away_is_not_put_back() {
    type Way = (&'static str, fn(&mut End));
    let ways: [Way; 3] = [
        ("discard_reads", |end| end.conn.discard_reads()),
        ("cancel", |end| end.conn.cancel()),
        ("abort", |end| end.conn.abort()),
    ];
    for (way, throw_away) in ways {
        let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
        pair.server.write(b"a line");
        pair.run();
        assert_eq!(pair.client.conn.read(&mut [0; 2]), Ok(2));
        throw_away(&mut pair.client);
        assert!(pair.client.conn.peek().is_empty(), "{way}");
        assert_eq!(pair.client.conn.unread(b"a"), refused(1, 0), "{way}");
        pair.client.settle();
        assert!(pair.client.conn.peek().is_empty(), "{way}");
    }
}

#[test]
fn after_the_end_what_was_read_is_put_back_as_before() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.server.write(b"the last line");
    pair.server.conn.close();
    pair.run();
    pair.client.conn.close();
    pair.run();
    assert!(pair.client.conn.is_over());
    assert_eq!(pair.client.read_all(), b"the last line");
    assert!(pair.client.conn.is_done());
    assert_eq!(pair.client.conn.unread(b"line"), Ok(()));
    assert!(!pair.client.conn.is_done(), "there is something to read");
    assert_eq!(pair.client.read_all(), b"line");
    pair.client.conn.abort();
    assert_eq!(pair.client.conn.unread(b"line"), refused(4, 0));
}

#[test]
fn what_was_just_read_has_room_even_when_the_limit_was_lowered() {
    let limits = Limits {
        read_buffer_size: 50_000,
        ..Limits::default()
    };
    let mut end = End::new(limits);
    end.give(&[1; 50_000], usize::MAX);
    assert_eq!(end.conn.bytes_available(), 50_000);
    end.conn.set_read_buffer_size(1);
    end.conn.consume(20_000).expect("unread");
    assert_eq!(end.conn.unread(&[2; 20_001]), refused(20_001, 20_000));
    assert_eq!(end.conn.unread(&[2; 20_000]), Ok(()));
    let expected = [[2; 20_000].as_slice(), &[1; 30_000]].concat();
    assert!(end.read_all() == expected);
}
