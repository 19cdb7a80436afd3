use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::handshake::rustls::sealing::tests::client;

#[test]
fn a_message_in_the_clear_does_not_reach_rustls_behind_protected_ones() {
    for has_read_keys in [false, true] {
        let mut client = client(&[]);
        client.has_read_keys = has_read_keys;
        // A ServerHello without content: rustls would say that.
        let mut message = vec![0; FRAME];
        message.extend([2, 0, 0, 0]);
        let refused = client.deliver(&mut message, None, &mut Vec::new());
        let failure = refused.expect_err("neither would do");
        let is_unread = failure.kind() == FailureKind::UnexpectedMessage;
        assert_eq!(is_unread, has_read_keys, "{failure:?}");
    }
}

#[test]
fn nothing_stays_in_a_flight_of_what_could_not_be_sealed() {
    // The hello that it says then comes too late to be in the clear.
    let mut client = client(&["CLIENT_HANDSHAKE_TRAFFIC_SECRET"]);
    let mut flight = vec![1, 2, 3];
    let fed = client.feed(&mut [], &mut flight);
    assert!(fed.is_err());
    assert_eq!(flight, [1, 2, 3]);
}
