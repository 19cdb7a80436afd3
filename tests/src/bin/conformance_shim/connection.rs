//! One connection after the other, from the hello to the end.

use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{
    Alert, Buffers, ClientConfig, Connection, Event, Failure, FailureKind, Limits, PeerName,
    ServerStart, Step,
};

use crate::assertions::{self, Proven};
use crate::exchange::Exchange;
use crate::flags::{Flags, Plan};
use crate::outcome::Trouble;
use crate::settings::{self, Kept};
use crate::tokens;
use crate::transport::Transport;
use crate::verification::{self, Opinion};

/// The name in the runner's certificates.
const NAME: &str = "test";

/// What the program is, with a configuration for each connection.
enum Role {
    Client(Vec<ClientConfig>),
    Server(Vec<settings::Server>),
}

/// Plays all connections.
pub(crate) fn all(plan: &Plan, backend: &Backend) -> Result<(), Trouble> {
    let kept = Kept::new(backend);
    let role = Role::new(plan, backend, &kept)?;
    let mut ahead = Duration::ZERO;
    let mut proven = Proven::default();
    for (index, flags) in plan.connections.iter().enumerate() {
        let transport = Transport::connect(plan, ahead)?;
        Session {
            flags,
            role: &role,
            index,
            transport,
            opinion: None,
            stored_before: kept.stored(),
            kept: &kept,
            proven: &mut proven,
        }
        .run()?;
        ahead += flags.traffic.delay;
    }
    Ok(())
}

impl Role {
    fn new(plan: &Plan, backend: &Backend, kept: &Kept) -> Result<Self, Trouble> {
        let delay = plan.connections.iter().map(|flags| flags.traffic.delay);
        let delay = delay.sum();
        if plan.is_server {
            let mut configs = Vec::new();
            for flags in &plan.connections {
                configs.push(settings::Server::new(backend, flags, kept, delay)?);
            }
            return Ok(Self::Server(configs));
        }
        let resumes = |flags: &Flags| flags.settings.no_ticket && !flags.expected.session_miss;
        if plan.connections.get(1).is_some_and(resumes) {
            return Err(Trouble::unsupported(
                "a client that resumes sessions and takes no tickets",
            ));
        }
        let mut configs: Vec<ClientConfig> = Vec::new();
        for (index, flags) in plan.connections.iter().enumerate() {
            let same = plan.connections[..index]
                .iter()
                .position(|earlier| earlier.settings == flags.settings);
            configs.push(match same {
                Some(same) => configs[same].clone(),
                // A client resumes under the configuration that the session was made under.
                None if index > 0 && !flags.expected.session_miss => {
                    return Err(Trouble::unsupported(
                        "resuming as a client under another configuration",
                    ));
                }
                None => settings::client(backend, flags, kept, delay)?,
            });
        }
        Ok(Self::Client(configs))
    }
}

/// One connection that is being played.
struct Session<'a> {
    flags: &'a Flags,
    role: &'a Role,
    index: usize,
    transport: Transport,
    /// What the application was asked, and said, of the peer.
    opinion: Option<Opinion>,
    kept: &'a Kept,
    stored_before: usize,
    /// What the last full handshake has proven.
    proven: &'a mut Proven,
}

impl Session<'_> {
    fn run(mut self) -> Result<(), Trouble> {
        let mut conn = Connection::new(self.limits(), Buffers::Owned);
        self.start(&mut conn)?;
        let played = self.play(&mut conn);
        if played.is_err() {
            // The runner is told something before the stream ends.
            conn.cancel();
            while !matches!(self.transport.drive(&mut conn), Ok(Step::Done) | Err(_)) {
                conn.discard_reads();
            }
        }
        self.transport.end();
        played
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(bytes) = self.flags.traffic.max_cert_list {
            limits.max_handshake = bytes;
        }
        limits
    }

    fn start(&self, conn: &mut Connection) -> Result<(), Trouble> {
        match self.role {
            Role::Client(configs) => {
                let config = &configs[self.index];
                let name = match &self.flags.host_name {
                    Some(name) => PeerName::new(name),
                    None => PeerName::new(NAME).map(PeerName::without_sni),
                };
                let name = name.map_err(|error| Trouble::unsupported(error.to_string()))?;
                conn.start_client_encryption(config, name)?;
            }
            Role::Server(configs) => {
                let fallback = configs[self.index].first().clone();
                conn.start_server_encryption(ServerStart::Ask { fallback })?;
            }
        }
        Ok(())
    }

    fn is_server(&self) -> bool {
        matches!(self.role, Role::Server(_))
    }

    /// From the hello to the end.
    fn play(&mut self, conn: &mut Connection) -> Result<(), Trouble> {
        let mut exchange = None;
        loop {
            match self.transport.drive(conn)? {
                Step::Event(Event::ConfigRequired(_)) => self.choose(conn)?,
                Step::Event(Event::SslErrors(_)) => {
                    let opinion = verification::answer(conn, self.flags)?;
                    self.opinion = opinion.or(self.opinion);
                }
                Step::Event(Event::Encrypted) => {
                    self.check(conn)?;
                    let traffic = &self.flags.traffic;
                    let secrets = match self.flags.settings.log_keys {
                        true => self.kept.secrets.exported(self.is_server())?,
                        false => Vec::new(),
                    };
                    let begun = Exchange::begin(traffic, secrets, conn)?;
                    self.transport.allow(begun.allowance());
                    exchange = Some(begun);
                }
                Step::Event(Event::PeerClosed) => conn.close(),
                Step::Done => break,
                _ => {}
            }
            if let Some(exchange) = &mut exchange {
                exchange.go_on(conn)?;
                if exchange.allowance().is_none() {
                    self.transport.allow(None);
                }
            }
        }
        self.judge_end(conn)
    }

    /// Gives a server the configuration, once its flags have nothing against the hello.
    fn choose(&self, conn: &mut Connection) -> Result<(), Trouble> {
        let (Some(request), Role::Server(configs)) = (conn.config_request(), self.role) else {
            return Ok(());
        };
        assertions::hello(&self.flags.expected, &request.hello)?;
        if let Some(refusal) = self.flags.trial.refusal {
            let (id, alert) = (request.id, self.flags.trial.refusal_alert(refusal));
            return Ok(conn.refuse_config_with(id, alert)?);
        }
        let (id, config) = (request.id, configs[self.index].choose(&request.hello));
        conn.provide_config(id, config)?;
        Ok(())
    }

    /// What must be so once the connection is encrypted.
    fn check(&mut self, conn: &mut Connection) -> Result<(), Trouble> {
        let is_resume = self.index > 0;
        self.proven.learn(conn, self.opinion);
        assertions::negotiated(&self.flags.expected, conn, self.proven)?;
        assertions::resumed(&self.flags.expected, conn, is_resume)?;
        assertions::peer(self.flags, conn, self.proven)?;
        if self.is_server() && !is_resume {
            let stored = self.kept.stored() > self.stored_before;
            assertions::session_id(&self.flags.expected, stored)?;
        }
        match self.flags.traffic.starts_again && self.start(conn).is_ok() {
            true => Err(Trouble::failed("TLS could be started twice")),
            false => Ok(()),
        }
    }

    /// Whether the server speaks TLS 1.2 alone, which the flags allow, and the client does not offer.
    fn wants_tls12(&self, conn: &Connection, failure: &Failure) -> bool {
        let settings = &self.flags.settings;
        let is_asked = matches!(
            failure.kind(),
            FailureKind::AlertReceived(Alert::ProtocolVersion)
        ) || failure.detail() == "the server speaks no TLS 1.3";
        // Where a version was settled, it was TLS 1.3.
        let is_settled = conn.session_protocol().is_some();
        !self.is_server()
            && settings.tls12
            && settings.offers_tls13_alone()
            && is_asked
            && !is_settled
    }

    /// Whether the end is one that the flags allow.
    fn judge_end(&self, conn: &Connection) -> Result<(), Trouble> {
        let lenient = !self.flags.traffic.check_close_notify;
        match conn.failure() {
            Some(failure) if failure.kind() == FailureKind::Truncated && lenient => {}
            Some(failure) if self.wants_tls12(conn, failure) => {
                return Err(Trouble::unsupported(
                    "TLS 1.2 by a client of our own engine",
                ));
            }
            Some(failure) => {
                let refusal = self.flags.trial.refusal;
                return Err(Trouble::failed(tokens::of(failure, refusal)));
            }
            None => {
                let clean = conn.close_report().is_some_and(|report| report.clean);
                if !clean && !lenient {
                    let token = tokens::CLOSE_WITHOUT_CLOSE_NOTIFY;
                    let end = conn.read_end();
                    return Err(Trouble::failed(format!("{token} the end is {end:?}")));
                }
            }
        }
        if !self.is_server() {
            let stored = self.kept.stored() > self.stored_before;
            assertions::session(self.flags, conn, stored)?;
        }
        Ok(())
    }
}
