//! The good signatures of peers that were trusted are not checked again by the same configuration: not
//! in a resumed session, and not in the next handshake. All else is judged as if they had been.

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use sslcore::{ClientConfig, PeerName, ServerConfig, SslErrorKind, UnixTime, VerifyMode};
use sslcore_tests::certs::{NOW, WORLD};
use sslcore_tests::chains::{Made, authority, leaf};
use sslcore_tests::pair::{Pair, VERSIONS, client, server, server_name};
use sslcore_tests::watched::{Operation, watch, watched};

/// How many signatures a handshake checks, at both ends.
fn checks(client: &ClientConfig, server: &ServerConfig, resumed: bool) -> usize {
    let (pair, asked) = watch(|| Pair::encrypted(client, server));
    assert_eq!(pair.client.conn.is_resumed(), resumed);
    asked.iter().filter(|it| **it == Operation::Verify).count()
}

#[test]
fn a_resumed_session_checks_no_signature_and_the_next_handshake_only_its_own() {
    for version in ["TLSv1.3", "TLSv1.2"] {
        for resumes in [true, false] {
            let client = client(watched())
                .protocols(&[version])
                .identity(WORLD.client.chain.clone(), WORLD.client.key());
            let client = match resumes {
                true => client,
                false => client.session_cache(0),
            };
            let server = server(watched())
                .protocols(&[version])
                .verify_mode(VerifyMode::Verify);
            let (client, server) = (client.build().unwrap(), server.build().unwrap());
            // Each end checks the other's certificate and the other's handshake.
            assert_eq!(checks(&client, &server, false), 4, "{version}");
            for _ in 0..3 {
                let expected = if resumes { 0 } else { 2 };
                assert_eq!(checks(&client, &server, resumes), expected, "{version}");
            }
        }
    }
}

#[test]
fn who_remembers_nothing_checks_all_of_it_every_time() {
    for version in VERSIONS {
        for resumes in [true, false] {
            let client = client(watched())
                .protocols(&[version])
                .identity(WORLD.client.chain.clone(), WORLD.client.key())
                .remember_signatures(false);
            let client = match resumes {
                true => client,
                false => client.session_cache(0),
            };
            let server = server(watched())
                .protocols(&[version])
                .verify_mode(VerifyMode::Verify)
                .remember_signatures(false);
            let (client, server) = (client.build().unwrap(), server.build().unwrap());
            assert_eq!(checks(&client, &server, false), 4, "{version}");
            for _ in 0..2 {
                // A session that goes on has a chain at each end, and nothing else that is signed.
                let expected = if resumes { 2 } else { 4 };
                assert_eq!(checks(&client, &server, resumes), expected, "{version}");
            }
        }
    }
}

/// A configuration over a watched backend, a chain that it finds good, and a time at which it is.
struct Known {
    config: ClientConfig,
    chain: Vec<CertificateDer<'static>>,
    name: PeerName,
    now: UnixTime,
}

impl Known {
    fn new() -> Self {
        Self {
            config: client(watched()).build().expect("a configuration"),
            chain: WORLD.server.chain.clone(),
            name: server_name(),
            now: UnixTime::since_unix_epoch(Duration::from_secs(NOW)),
        }
    }

    /// The errors of a chain, and how many signatures were checked for it.
    fn verify(
        &self,
        chain: &[CertificateDer<'static>],
        name: &PeerName,
        now: UnixTime,
    ) -> (Vec<SslErrorKind>, usize) {
        let verify = || self.config.verify_chain(chain, Some(name), Some(now));
        let (errors, asked) = watch(verify);
        let checks = asked.iter().filter(|it| **it == Operation::Verify);
        (errors.iter().map(|it| it.kind()).collect(), checks.count())
    }
}

#[test]
fn what_is_remembered_is_judged_again_all_the_same() {
    let known = Known::new();
    let Known {
        chain, name, now, ..
    } = &known;
    assert_eq!(known.verify(chain, name, *now), (vec![], 1));
    assert_eq!(known.verify(chain, name, *now), (vec![], 0));
    let other = PeerName::new("elsewhere.example").expect("a name");
    let (errors, checks) = known.verify(chain, &other, *now);
    assert_eq!((errors, checks), (vec![SslErrorKind::HostNameMismatch], 0));
    let later = UnixTime::since_unix_epoch(Duration::from_secs(1 << 40));
    let (errors, checks) = known.verify(chain, name, later);
    assert_eq!(errors[0], SslErrorKind::CertificateExpired);
    assert_eq!(checks, 0);
}

#[test]
fn one_other_bit_is_another_signature() {
    let known = Known::new();
    let Known {
        chain, name, now, ..
    } = &known;
    assert_eq!(known.verify(chain, name, *now), (vec![], 1));
    let good = chain[0].as_ref();
    // The last bytes are the signature's; in the middle is what is signed.
    for place in [good.len() - 1, good.len() / 3] {
        let mut forged = good.to_vec();
        forged[place] ^= 1;
        let mut chain = chain.clone();
        chain[0] = forged.into();
        let (errors, checks) = known.verify(&chain, name, *now);
        assert!(!errors.is_empty(), "{place}");
        assert!(
            checks > 0 || errors == [SslErrorKind::UndecodableCertificate],
            "{place} {errors:?}"
        );
    }
}

#[test]
fn nothing_is_remembered_of_a_peer_that_is_not_trusted() {
    let known = Known::new();
    let Known { chain, now, .. } = &known;
    let other = PeerName::new("elsewhere.example").expect("a name");
    for _ in 0..2 {
        let expected = (vec![SslErrorKind::HostNameMismatch], 1);
        assert_eq!(known.verify(chain, &other, *now), expected);
    }
    // Good signatures under an authority that nobody trusts.
    let stranger = Made::self_signed(authority("stranger"));
    let issued = stranger.issue(leaf(&["server.test"]));
    let strange = [issued.der.clone(), stranger.der.clone()];
    let (_, first) = known.verify(&strange, &known.name, *now);
    let (errors, second) = known.verify(&strange, &known.name, *now);
    assert!(!errors.is_empty());
    assert_eq!((first, second), (first.max(1), first));
}

#[test]
fn configurations_remember_on_their_own() {
    let (one, other) = (Known::new(), Known::new());
    assert_eq!(one.verify(&one.chain, &one.name, one.now).1, 1);
    assert_eq!(other.verify(&one.chain, &one.name, one.now).1, 1);
    assert_eq!(one.verify(&one.chain, &one.name, one.now).1, 0);
}
