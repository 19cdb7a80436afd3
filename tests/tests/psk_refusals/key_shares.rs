//! Key shares that cannot be (RFC 8446 §4.2.8).

use sslcore_tests::hello::{number, vector16};

use super::client::Client;
use super::first_hello::refused;
use super::keys::{GROUP_P256, GROUP_X25519, Pair, entry};
use super::stage::{ILLEGAL, MALFORMED, MISSING, NOTHING_IN_COMMON, refusal, server, waiting};

#[test]
fn key_shares_that_cannot_be_are_refused() {
    refused(&[
        ("no shares", |c| c.remove(number::KEY_SHARE), MISSING),
        ("no groups", |c| c.remove(number::SUPPORTED_GROUPS), MISSING),
        (
            "neither",
            |c| {
                c.remove(number::KEY_SHARE);
                c.remove(number::SUPPORTED_GROUPS);
            },
            NOTHING_IN_COMMON,
        ),
        (
            "no group in common",
            |c| {
                *c.extension(number::SUPPORTED_GROUPS) = vector16(&[0, 30]);
                c.share(&entry(30, &[1; 56]));
            },
            NOTHING_IN_COMMON,
        ),
        (
            "damaged groups",
            |c| *c.extension(number::SUPPORTED_GROUPS) = vec![0, 1, 0],
            MALFORMED,
        ),
        (
            "of no group that is supported",
            |c| {
                *c.extension(number::SUPPORTED_GROUPS) = vector16(&[0, 23]);
            },
            ILLEGAL,
        ),
        (
            "two of a group",
            |c| {
                let share = entry(GROUP_X25519, &c.pair.share());
                c.share(&share.repeat(2));
            },
            ILLEGAL,
        ),
        (
            "two of a group that nobody here has",
            |c| {
                c.extension(number::SUPPORTED_GROUPS)[1] += 2;
                c.extension(number::SUPPORTED_GROUPS).extend([0, 30]);
                let ours = entry(GROUP_X25519, &c.pair.share());
                c.share(&[entry(30, &[1; 56]).repeat(2), ours].concat());
            },
            ILLEGAL,
        ),
        (
            "an empty one",
            |c| c.share(&entry(GROUP_X25519, &[])),
            MALFORMED,
        ),
        (
            "a damaged list",
            |c| *c.extension(number::KEY_SHARE) = vec![0, 4, 0, 29, 0, 9],
            MALFORMED,
        ),
        (
            "bytes behind them",
            |c| c.extension(number::KEY_SHARE).push(0),
            MALFORMED,
        ),
        (
            "that make the secret zero",
            |c| c.share(&entry(GROUP_X25519, &[0; 32])),
            ILLEGAL,
        ),
        (
            "too short",
            |c| c.share(&entry(GROUP_X25519, &[9; 31])),
            ILLEGAL,
        ),
        (
            "too long",
            |c| c.share(&entry(GROUP_X25519, &[9; 33])),
            ILLEGAL,
        ),
        (
            "off the curve",
            |c| {
                c.prefer(GROUP_P256);
                let mut share = Pair::new(GROUP_P256).share();
                share[64] ^= 1;
                c.share(&entry(GROUP_P256, &share));
            },
            ILLEGAL,
        ),
        (
            "compressed",
            |c| {
                c.prefer(GROUP_P256);
                let mut share = Pair::new(GROUP_P256).share();
                share[0] = 2 + (share[64] & 1);
                share.truncate(33);
                c.share(&entry(GROUP_P256, &share));
            },
            ILLEGAL,
        ),
        (
            "the point at infinity",
            |c| {
                c.prefer(GROUP_P256);
                c.share(&entry(GROUP_P256, &[0]));
            },
            ILLEGAL,
        ),
    ]);
}

#[cfg(feature = "ml-kem")]
#[test]
fn a_hybrid_share_with_a_half_that_cannot_be_is_refused() {
    const HYBRID: u16 = 0x11ec;
    for (what, share) in [
        ("a key that is not reduced", vec![0xff; 1216]),
        ("only half", vec![1; 1184]),
        ("a secret of zeros", vec![0; 1216]),
        ("too long", vec![0; 1217]),
    ] {
        let mut client = Client::default();
        *client.extension(number::SUPPORTED_GROUPS) = vector16(&HYBRID.to_be_bytes());
        client.share(&entry(HYBRID, &share));
        let mut end = waiting(server());
        end.give(&client.record(), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), ILLEGAL, "{what}");
    }
}
