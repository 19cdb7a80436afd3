//! Rule R13 as a property: whatever was decided before, a connection that may resume a session is judged
//! as one that cannot, and a session is resumed only where nothing was wrong.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::{
    ClientConfig, ClientSessionCache, FailureKind, OnErrors, Pin, ServerConfig, ServerSessionCache,
    SslErrorKind, TicketKeys, Verdict, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{End, Pair, backend, client, server};

/// What one end demands of the other, and decides.
#[derive(Clone, Copy, Debug)]
struct Policy {
    trusts: bool,
    pins: bool,
    mode: Mode,
    on_errors: Decision,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    None,
    Query,
    Verify,
    External,
}

#[derive(Clone, Copy, Debug)]
enum Decision {
    Refuse,
    Accept,
    AcceptThese,
    AcceptNone,
    RefuseWhenAsked,
    AcceptAlways,
}

/// Who the two are, for as long as they know each other.
#[derive(Clone, Copy, Debug)]
struct Parties {
    tls13: bool,
    stateless: bool,
    strange_server: bool,
    /// No certificate, a good one, a stranger's.
    client: u8,
}

impl Parties {
    fn server(self) -> &'static Identity {
        if self.strange_server {
            &WORLD.stranger
        } else {
            &WORLD.server
        }
    }

    fn client(self) -> Option<&'static Identity> {
        match self.client {
            0 => None,
            1 => Some(&WORLD.client),
            _ => Some(&WORLD.stranger),
        }
    }

    fn version(self) -> &'static str {
        if self.tls13 { "TLSv1.3" } else { "TLSv1.2" }
    }
}

/// What they remember of each other.
struct Memory {
    client: Arc<ClientSessionCache>,
    server: Arc<ServerSessionCache>,
    keys: TicketKeys,
}

impl Memory {
    fn new() -> Self {
        Self {
            client: Arc::new(ClientSessionCache::new(8)),
            server: Arc::new(ServerSessionCache::new(8)),
            keys: TicketKeys::rotating(&backend(), Duration::from_secs(3600)),
        }
    }

    fn configs(
        &self,
        parties: Parties,
        [of_client, of_server]: [Policy; 2],
    ) -> (ClientConfig, ServerConfig) {
        let mut client = client(backend())
            .protocols(&[parties.version()])
            .session_store(self.client.clone())
            .verify_mode(of_client.mode.mode())
            .on_errors(of_client.on_errors.on_errors());
        if !of_client.trusts {
            client = client.trust_anchors([]);
        }
        let verifies =
            |policy: Policy| !matches!(policy.mode, Mode::None | Mode::Query | Mode::External);
        if of_client.pins && verifies(of_client) {
            client = client.pins([pin(parties.server())]);
        }
        if let Some(identity) = parties.client() {
            client = client.identity(identity.chain.clone(), identity.key());
        }
        let identity = parties.server();
        let mut server = server(backend())
            .protocols(&[parties.version()])
            .identity(identity.chain.clone(), identity.key())
            .verify_mode(of_server.mode.mode())
            .on_errors(of_server.on_errors.on_errors());
        server = match parties.stateless {
            true => server.ticket_keys(self.keys.clone()).session_cache(0),
            false => server
                .session_store(self.server.clone())
                .session_tickets(false),
        };
        if !of_server.trusts {
            server = server.trust_anchors([]);
        }
        let pins = of_server.pins && verifies(of_server);
        if let (true, Some(identity)) = (pins, parties.client()) {
            server = server.pins([pin(identity)]);
        }
        (
            client.build().expect("client"),
            server.build().expect("server"),
        )
    }
}

fn pin(identity: &Identity) -> Pin {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &identity.chain[0]);
    Pin::CertificateSha256(digest.as_ref().try_into().expect("32 bytes"))
}

impl Mode {
    fn mode(self) -> VerifyMode {
        match self {
            Self::None => VerifyMode::None,
            Self::Query => VerifyMode::Query,
            Self::Verify => VerifyMode::Verify,
            Self::External => VerifyMode::External,
        }
    }
}

impl Decision {
    fn on_errors(self) -> OnErrors {
        match self {
            Self::Refuse => OnErrors::Reject,
            Self::AcceptAlways => OnErrors::DangerouslyAcceptAll,
            _ => OnErrors::Hold,
        }
    }

    fn decide(self, end: &mut End) {
        let Some(id) = end.conn.review().map(|review| review.id) else {
            return;
        };
        let errors = end.conn.ssl_errors().to_vec();
        let verdict = match self {
            Self::AcceptThese => Verdict::AcceptOnly(&errors),
            Self::AcceptNone => Verdict::AcceptOnly(&[]),
            Self::RefuseWhenAsked | Self::Refuse => Verdict::Reject,
            Self::Accept | Self::AcceptAlways => Verdict::Accept,
        };
        // An answer may wait to be acted upon.
        let _ = end.conn.answer(id, verdict);
    }
}

/// What came of a meeting at one end.
#[derive(Debug, PartialEq)]
struct Judged {
    errors: Vec<SslErrorKind>,
    encrypted: bool,
    failure: Option<FailureKind>,
    chain: Vec<Vec<u8>>,
}

fn judged(end: &End) -> Judged {
    let chain = end.conn.peer_certificate_chain().iter();
    Judged {
        errors: end.error_kinds(),
        encrypted: end.conn.is_encrypted(),
        failure: end.conn.failure().map(|failure| failure.kind()),
        chain: chain.map(|it| it.as_ref().to_vec()).collect(),
    }
}

fn meet(configs: &(ClientConfig, ServerConfig), policies: [Policy; 2]) -> Pair {
    let mut pair = Pair::tls(&configs.0, &configs.1);
    for _ in 0..4 {
        pair.run();
        policies[0].on_errors.decide(&mut pair.client);
        policies[1].on_errors.decide(&mut pair.server);
    }
    pair.run();
    pair
}

fn policies() -> impl Strategy<Value = Policy> {
    let mode = prop_oneof![
        1 => Just(Mode::None),
        1 => Just(Mode::Query),
        3 => Just(Mode::Verify),
        1 => Just(Mode::External),
    ];
    let decision = prop::sample::select(
        &[
            Decision::Refuse,
            Decision::Accept,
            Decision::AcceptThese,
            Decision::AcceptNone,
            Decision::RefuseWhenAsked,
            Decision::AcceptAlways,
        ][..],
    );
    (
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.3),
        mode,
        decision,
    )
        .prop_map(|(trusts, pins, mode, on_errors)| Policy {
            trusts,
            pins,
            mode,
            on_errors,
        })
}

prop_compose! {
    fn parties()(
        (tls13, stateless) in any::<(bool, bool)>(),
        strange_server in prop::bool::weighted(0.3),
        client in 0..3u8,
    ) -> Parties {
        Parties { tls13, stateless, strange_server, client }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(60), ..ProptestConfig::default() })]

    #[test]
    fn a_session_changes_nothing_about_who_is_trusted(
        parties in parties(),
        meetings in vec((prop::array::uniform2(policies()), 1..3usize), 1..5),
    ) {
        let memory = Memory::new();
        let mut blameless = false;
        for (policies, times) in meetings {
            let configs = memory.configs(parties, policies);
            for _ in 0..times {
                let pair = meet(&configs, policies);
                let anew = meet(&Memory::new().configs(parties, policies), policies);
                for (end, anew) in [(&pair.client, &anew.client), (&pair.server, &anew.server)] {
                    prop_assert!(!anew.conn.is_resumed());
                    prop_assert_eq!(judged(end), judged(anew), "resumed: {}", end.conn.is_resumed());
                }
                let resumed = pair.client.conn.is_resumed() || pair.server.conn.is_resumed();
                prop_assert!(blameless || !resumed, "there was nothing to resume");
                let fine = |end: &End| end.conn.is_encrypted() && end.conn.ssl_errors().is_empty();
                blameless |= fine(&pair.client) && fine(&pair.server);
            }
        }
    }
}

#[test]
fn sessions_are_resumed_at_all_where_nothing_is_wrong() {
    let policy = Policy {
        trusts: true,
        pins: false,
        mode: Mode::Verify,
        on_errors: Decision::Refuse,
    };
    for tls13 in [false, true] {
        for stateless in [false, true] {
            let parties = Parties {
                tls13,
                stateless,
                strange_server: false,
                client: 1,
            };
            let configs = Memory::new().configs(parties, [policy; 2]);
            assert!(!meet(&configs, [policy; 2]).client.conn.is_resumed());
            assert!(meet(&configs, [policy; 2]).client.conn.is_resumed());
        }
    }
}

/// `PROPTEST_CASES` for long runs, some for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
