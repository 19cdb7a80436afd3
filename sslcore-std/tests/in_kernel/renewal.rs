//! KeyUpdate: on a kernel that takes other keys, and on one that does not.

use std::io::{Read, Write};

use sslcore::offload::OffloadError;
use sslcore::{Alert, Event, Failure, FailureKind, UsageError};
use sslcore_std::SslSocket;

use crate::stage::{SUITES, Who, encrypted, offload, renews};

fn speak(from: &mut SslSocket, to: &mut SslSocket) {
    from.write_all(b"under these keys").expect("write");
    from.flush().expect("flush");
    let mut heard = [0; 16];
    to.read_exact(&mut heard).expect("read");
    assert_eq!(&heard, b"under these keys");
}

#[test]
fn asking_for_new_keys_is_answered_as_the_kernel_can() {
    for suite in SUITES
        .into_iter()
        .filter(|(version, _)| *version == "TLSv1.3")
    {
        for who in [Who::Client, Who::Both] {
            let (mut client, mut server) = encrypted(suite);
            who.offload(&mut client, &mut server);
            for _ in 0..5 {
                let asked = client.update_keys();
                if renews() {
                    assert_eq!(asked, Ok(()));
                } else {
                    let not = UsageError::Offload(OffloadError::NotRenewable);
                    assert_eq!(asked, Err(not));
                }
                speak(&mut client, &mut server);
                speak(&mut server, &mut client);
                let mut events = std::iter::from_fn(|| client.poll_event());
                let updated = events.any(|event| event == Event::KeysUpdated);
                assert_eq!(updated, renews(), "{suite:?} {who:?}");
            }
        }
    }
}

#[test]
fn a_key_update_of_the_peers_is_followed_or_ends_the_connection() {
    for suite in SUITES
        .into_iter()
        .filter(|(version, _)| *version == "TLSv1.3")
    {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut client);
        speak(&mut server, &mut client);
        server.update_keys().expect("the server seals by itself");
        server.write_all(b"under these keys").expect("write");
        server.flush().expect("flush");
        let mut heard = [0; 16];
        let read = client.read_exact(&mut heard);
        if renews() {
            read.expect("the kernel has the new key");
            speak(&mut client, &mut server);
            continue;
        }
        read.expect_err("the kernel has the old key");
        let failure = client.connection().failure().map(Failure::kind);
        assert_eq!(failure, Some(FailureKind::KeysNotRenewed), "{suite:?}");
        server.read(&mut [0; 1]).expect_err("told");
        let failure = server.connection().failure().map(Failure::kind);
        let told = FailureKind::AlertReceived(Alert::InternalError);
        assert_eq!(failure, Some(told), "{suite:?}");
    }
}
