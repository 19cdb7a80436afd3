//! Handshake signatures in schemes that do not fit: no chain is refused for them.

use sslcore::crypto::Backend;
use sslcore::{Alert, FailureKind, VerifyMode};
use sslcore_tests::certs::{
    Identity, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, WORLD,
};
use sslcore_tests::hello::{Extensions, kind, message, number, vector8, vector16};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backend, backends, client, server};

use super::stage::{ILLEGAL, MALFORMED, Refusal, Stage, other};

const NOTHING_IN_COMMON: Refusal = (FailureKind::Incompatible, Alert::HandshakeFailure);
const FORGED: Refusal = (FailureKind::BadHandshakeSignature, Alert::DecryptError);

const ECDSA_SHA1: u16 = 0x0203;
const RSA_PKCS1_SHA1: u16 = 0x0201;
const RSA_PKCS1_SHA256: u16 = 0x0401;
const ECDSA_P256: u16 = 0x0403;
const ECDSA_P384: u16 = 0x0503;
const ECDSA_P521: u16 = 0x0603;
const RSA_PSS_SHA256: u16 = 0x0804;
const ED25519: u16 = 0x0807;
const ED448: u16 = 0x0808;
const RSA_PSS_PSS_SHA256: u16 = 0x0809;
const ML_DSA_44: u16 = 0x0904;
const ML_DSA_65: u16 = 0x0905;
const GREASE: u16 = 0x5a5a;

/// Those that no version has with any backend's offer, or that cannot be for this key.
const NEVER: [u16; 6] = [
    RSA_PKCS1_SHA1,
    ECDSA_SHA1,
    ED448,
    RSA_PSS_PSS_SHA256,
    GREASE,
    0,
];

fn stage(backend: &Backend, version: &str, identity: &Identity) -> Stage {
    let (chain, key) = (&identity.chain, || identity.key());
    Stage::new(
        client(backend.clone())
            .protocols(&[version])
            .identity(chain.clone(), key())
            .verify_mode(VerifyMode::None),
        server(backend.clone())
            .identity(chain.clone(), key())
            .verify_mode(VerifyMode::Query),
    )
}

/// How the other refuses `who`'s signature, which says that it was made in this scheme.
#[track_caller]
fn refused(
    backend: &Backend,
    version: &str,
    who: Who,
    identity: &Identity,
    scheme: u16,
) -> Refusal {
    let mut stage = stage(backend, version, identity);
    let bytes = scheme.to_be_bytes();
    match (version, who) {
        ("TLSv1.2", Who::Server) => {
            stage.change_flight(kind::SERVER_KEY_EXCHANGE, |message| {
                // Curve, point, then scheme.
                let at = 4 + 4 + usize::from(message[7]);
                message[at..at + 2].copy_from_slice(&bytes);
            });
        }
        (_, Who::Server) => stage.change_flight(kind::CERTIFICATE_VERIFY, |message| {
            message[4..6].copy_from_slice(&bytes);
        }),
        (_, Who::Client) => stage.change_answer(kind::CERTIFICATE_VERIFY, |message| {
            message[4..6].copy_from_slice(&bytes);
        }),
    }
    stage.refusal(other(who))
}

#[test]
fn a_scheme_that_was_not_offered() {
    for backend in backends() {
        for who in [Who::Server, Who::Client] {
            for scheme in NEVER {
                for version in ["TLSv1.2", "TLSv1.3"] {
                    let refusal = refused(&backend, version, who, &WORLD.server, scheme);
                    assert_eq!(refusal, ILLEGAL, "{version} {who:?} {scheme:04x}");
                }
            }
            // No scheme of TLS 1.2, although a client of both versions may name it.
            for scheme in [ML_DSA_44, ML_DSA_65] {
                let refusal = refused(&backend, "TLSv1.2", who, &WORLD.server, scheme);
                assert_eq!(refusal, ILLEGAL, "{who:?} {scheme:04x}");
            }
        }
    }
}

#[test]
fn a_scheme_of_tls12_in_tls13() {
    // RFC 8446 §4.2.3: in certificates only. A key of RSA would fit, too.
    let rsa = WORLD.ca.leaf_of(&PKCS_RSA_SHA256, &["server.test"]);
    for backend in backends() {
        for who in [Who::Server, Who::Client] {
            let signs_with_rsa = backend.name() != "rustcrypto";
            for identity in [Some(&WORLD.server), signs_with_rsa.then_some(&rsa)] {
                let Some(identity) = identity else { continue };
                let refusal = refused(&backend, "TLSv1.3", who, identity, RSA_PKCS1_SHA256);
                assert_eq!(refusal, ILLEGAL, "{who:?}");
            }
        }
    }
}

#[test]
fn a_scheme_that_does_not_fit_the_key() {
    let p384 = WORLD.ca.leaf_of(&PKCS_ECDSA_P384_SHA384, &["server.test"]);
    let ed25519 = WORLD.ca.leaf_of(&PKCS_ED25519, &["server.test"]);
    for backend in backends() {
        for who in [Who::Server, Who::Client] {
            for version in ["TLSv1.2", "TLSv1.3"] {
                for (identity, schemes) in [
                    (&WORLD.server, [ED25519, RSA_PSS_SHA256]),
                    (&p384, [ED25519, RSA_PSS_SHA256]),
                    (&ed25519, [ECDSA_P256, RSA_PSS_SHA256]),
                ] {
                    for scheme in schemes {
                        let refusal = refused(&backend, version, who, identity, scheme);
                        assert_eq!(refusal, ILLEGAL, "{version} {who:?} {scheme:04x}");
                    }
                }
            }
            // TLS 1.3 binds the curve to the hash.
            for (identity, scheme) in [
                (&WORLD.server, ECDSA_P384),
                (&WORLD.server, ECDSA_P521),
                (&p384, ECDSA_P256),
            ] {
                let refusal = refused(&backend, "TLSv1.3", who, identity, scheme);
                assert_eq!(refusal, ILLEGAL, "{who:?} {scheme:04x}");
            }
        }
    }
}

#[test]
fn any_curve_goes_with_any_hash_in_tls12() {
    // It is the signature that is wrong then (RFC 5246 §7.4.1.4.1).
    let p384 = WORLD.ca.leaf_of(&PKCS_ECDSA_P384_SHA384, &["server.test"]);
    for backend in backends() {
        for who in [Who::Server, Who::Client] {
            for (identity, scheme) in [(&WORLD.server, ECDSA_P384), (&p384, ECDSA_P256)] {
                let refusal = refused(&backend, "TLSv1.2", who, identity, scheme);
                assert_eq!(refusal, FORGED, "{who:?} {scheme:04x}");
            }
        }
    }
}

#[test]
fn a_signature_that_is_wrong_cut_or_too_long() {
    for backend in backends() {
        for version in ["TLSv1.2", "TLSv1.3"] {
            for (expected, change) in [
                (FORGED, (|message| message[12] ^= 1) as fn(&mut Vec<u8>)),
                (MALFORMED, |message| {
                    message.push(0);
                    message[3] += 1;
                }),
                (MALFORMED, |message| {
                    message.pop();
                    message[3] -= 1;
                }),
            ] {
                let mut stage = stage(&backend, version, &WORLD.client);
                stage.change_answer(kind::CERTIFICATE_VERIFY, change);
                assert_eq!(stage.refusal(Who::Server), expected, "{version}");
            }
        }
    }
}

#[test]
fn a_finished_that_is_wrong_or_too_long() {
    for backend in backends() {
        for version in ["TLSv1.2", "TLSv1.3"] {
            let mut stage = stage(&backend, version, &WORLD.client);
            stage.change_answer(kind::FINISHED, |message| message[4] ^= 1);
            assert_eq!(stage.refusal(Who::Server), FORGED, "{version}");
        }
        let mut stage = stage(&backend, "TLSv1.3", &WORLD.client);
        stage.change_flight(kind::FINISHED, |message| message[4] ^= 1);
        assert_eq!(stage.refusal(Who::Client), FORGED);
    }
}

#[test]
fn a_client_whose_key_fits_none_of_the_schemes_asked_for_has_no_certificate() {
    // In TLS 1.2 the list of types, then that of schemes; in TLS 1.3 the only extension of
    // interest.
    for backend in backends() {
        for version in ["TLSv1.2", "TLSv1.3"] {
            let mut stage = stage(&backend, version, &WORLD.client);
            stage.change_flight(kind::CERTIFICATE_REQUEST, |said| {
                let schemes = vector16(&ECDSA_P384.to_be_bytes());
                let body = match version {
                    "TLSv1.2" => [vector8(&[1, 64]), schemes, vec![0, 0]].concat(),
                    _ => {
                        let extensions = [(number::SIGNATURE_ALGORITHMS, schemes)];
                        [vec![0], Extensions(extensions.to_vec()).encode()].concat()
                    }
                };
                *said = message(kind::CERTIFICATE_REQUEST, &body);
            });
            let failure = stage.pair.client.conn.failure().cloned();
            if version == "TLSv1.3" {
                // It has read on, up to the signature over what it has not read.
                assert_eq!(stage.refusal(Who::Client), FORGED);
                continue;
            }
            assert!(failure.is_none(), "{failure:?}");
            let said = stage.hear(Who::Client);
            assert_eq!(said[0].body, [kind::CERTIFICATE, 0, 0, 3, 0, 0, 0]);
            assert!(!said.iter().any(|one| one.is(kind::CERTIFICATE_VERIFY)));
        }
    }
}

#[test]
fn a_request_for_schemes_that_nobody_here_knows_is_one_that_no_key_fits() {
    // RFC 8446 §4.4.2: a client without a suitable certificate says so. What cannot be asked for in
    // TLS 1.3 it refuses: SHA-1, RSA as of old, DSA.
    for (scheme, expected) in [
        (0x0808, FORGED), // ed448
        (0x0904, FORGED), // mldsa44
        (0x5a5a, FORGED),
        (RSA_PKCS1_SHA1, NOTHING_IN_COMMON),
        (RSA_PKCS1_SHA256, NOTHING_IN_COMMON),
        (0x0402, NOTHING_IN_COMMON),
    ] {
        let mut stage = stage(&backend(), "TLSv1.3", &WORLD.client);
        stage.change_flight(kind::CERTIFICATE_REQUEST, |said| {
            let schemes = vector16(&u16::to_be_bytes(scheme));
            let extensions = Extensions(vec![(number::SIGNATURE_ALGORITHMS, schemes)]);
            let body = [vec![0], extensions.encode()].concat();
            *said = message(kind::CERTIFICATE_REQUEST, &body);
        });
        // It has read on, up to the signature over what it has not read; or it has not.
        assert_eq!(stage.refusal(Who::Client), expected, "{scheme:04x}");
    }
}
