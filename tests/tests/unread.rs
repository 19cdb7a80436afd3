//! `unread`: what was read is put back.

use sslcore::{Limits, UsageError};
use sslcore_tests::pair::{End, Pair};

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
    conn.unread(b"there").expect("room");
    conn.unread(b"more than was ").expect("room");
    assert_eq!(conn.peek(), b"more than was there");
    // In front of it, records that are still on their way are not disturbed.
    pair.server.write(b", and more");
    let wire = pair.server.take();
    let conn = &mut pair.client.conn;
    assert_eq!(conn.receive(&wire[..10]), Ok(10));
    conn.consume(14).expect("unread");
    conn.unread(&[b'.'; 500]).expect("room");
    assert_eq!(conn.receive(&wire[10..]), Ok(wire.len() - 10));
    pair.client.settle();
    let expected = [&[b'.'; 500][..], b"there, and more"].concat();
    assert_eq!(pair.client.read_all(), expected);
}

#[test]
fn no_more_is_put_back_than_there_is_room_for() {
    let limits = Limits {
        read_buffer_size: 100,
        ..Limits::default()
    };
    let mut end = End::new(limits);
    let cap = 100 + 18_437;
    end.conn.unread(&vec![1; cap]).expect("just so much");
    assert_eq!(
        end.conn.unread(b"x"),
        Err(UsageError::TooManyBytes {
            given: 1,
            available: 0
        })
    );
    assert!(end.conn.peek() == vec![1; cap]);
    assert!(!end.conn.wants_receive());
    end.conn.consume(cap).expect("all of it");
    assert!(end.conn.wants_receive());
}
