//! The machine in QEMU: what it is told, and what it says.
#![allow(dead_code, reason = "each test program needs a part of it")]

use std::env;
use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use sslcore_tests::certs::{Ca, Identity};
use sslcore_tests::openssl::{self, TLS13, VERSIONS};
use sslcore_tests::peer::{Peer, Scratch};

/// A machine that is not running yet.
pub(crate) struct Guest {
    scratch: Scratch,
    words: Vec<String>,
    date: Option<u64>,
    /// Time is counted in instructions, and each run costs the same.
    slow: bool,
    forwards: Option<SocketAddr>,
    /// What its first serial line leads to.
    wired: Option<SocketAddr>,
    /// The test works QEMU's console.
    operated: bool,
}

impl Guest {
    /// A machine that plays this role.
    pub(crate) fn order(role: &str) -> Self {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
        Self {
            scratch: Scratch::new(),
            words: vec![format!("role={role}")],
            date: Some(now.expect("after 1970").as_secs()),
            slow: false,
            forwards: None,
            wired: None,
            operated: false,
        }
    }

    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    /// A file in the folder that it runs in. Its words are the same whatever that is called: to read them
    /// costs the same, too.
    pub(crate) fn with_file(self, name: &str, contents: &[u8]) -> Self {
        let file = format!("{name}.der");
        self.scratch.file(&file, contents);
        self.word(&format!("{name}={file}"))
    }

    /// It trusts what this authority vouches for.
    pub(crate) fn trusting(self, ca: &Ca) -> Self {
        self.with_file("ca", &ca.der())
    }

    /// It has this certificate.
    pub(crate) fn known_as(self, identity: &Identity) -> Self {
        self.with_file("cert", &identity.chain[0])
            .with_file("key", identity.key().secret_der())
    }

    /// It connects to this port of the host.
    pub(crate) fn port(self, address: SocketAddr) -> Self {
        self.word(&format!("port={}", address.port()))
    }

    /// It takes this for the date, in seconds since 1970.
    pub(crate) fn dated(self, date: u64) -> Self {
        Self {
            date: Some(date),
            ..self
        }
    }

    pub(crate) fn without_date(self) -> Self {
        Self { date: None, ..self }
    }

    pub(crate) fn slowly(self) -> Self {
        Self { slow: true, ..self }
    }

    /// Its cable can be pulled.
    pub(crate) fn operated(self) -> Self {
        Self {
            operated: true,
            ..self
        }
    }

    /// A port of the host reaches its own port 443.
    pub(crate) fn forwarding(self) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = free.local_addr().expect("address");
        Self {
            forwards: Some(address),
            ..self
        }
    }

    /// It has no network: its serial line leads to this address.
    pub(crate) fn wired(self, to: SocketAddr) -> Self {
        Self {
            wired: Some(to),
            ..self
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.forwards.expect("a port is forwarded")
    }

    pub(crate) fn boot(mut self) -> Running {
        if let Some(date) = self.date {
            self.words.push(format!("date={date}"));
        }
        let told = |name| env::var(name).expect("`tests/run firmware` sets it");
        let (qemu, firmware) = (told("SSLCORE_TEST_QEMU"), told("SSLCORE_TEST_FIRMWARE"));
        let mut network = "user,model=lan9118,id=cable".to_owned();
        if let Some(address) = self.forwards {
            network += &format!(",hostfwd=tcp:{address}-:443");
        }
        let mut config = "enable=on,target=native,arg=sslcore-firmware".to_owned();
        for word in &self.words {
            config += &format!(",arg={word}");
        }
        let machine = told("SSLCORE_TEST_MACHINE");
        let mut args = vec!["-M", &machine, "-nographic"];
        args.extend(["-monitor", if self.operated { "stdio" } else { "none" }]);
        let mut line = "null".to_owned();
        if let Some(address) = self.wired {
            line = format!("tcp:{address}");
            network = "none".to_owned();
        }
        args.extend(["-serial", &line, "-nic", &network]);
        args.extend(["-semihosting-config", &config, "-kernel", &firmware]);
        if self.slow {
            args.extend(["-icount", "shift=0"]);
        }
        Running(Peer::start(&qemu, args, self.scratch))
    }
}

/// A machine that runs. What it said is shown when the test fails.
pub(crate) struct Running(Peer);

impl Running {
    pub(crate) fn until_said(&self, text: &str) {
        self.0.until_said(text);
    }

    /// Waits until it has done all that it was told. Says what it said.
    #[track_caller]
    pub(crate) fn until_exit(&mut self) -> String {
        let status = self.0.until_exit();
        let said = self.0.log();
        assert!(status.success(), "{status}: {said}");
        said
    }

    /// Waits until it has done all that it was told, or has failed, in order. Says which, and what it said.
    #[track_caller]
    pub(crate) fn until_end(&mut self) -> (bool, String) {
        let status = self.0.until_exit();
        let said = self.0.log();
        assert!(matches!(status.code(), Some(0 | 1)), "{status}: {said}");
        (status.success(), said)
    }

    /// Waits until it has failed, in order. Says what it said.
    #[track_caller]
    pub(crate) fn until_failure(&mut self) -> String {
        self.until_exit_with(1)
    }

    /// Waits until it has panicked. Says what it said.
    #[track_caller]
    pub(crate) fn until_panic(&mut self) -> String {
        self.until_exit_with(101)
    }

    #[track_caller]
    fn until_exit_with(&mut self, code: i32) -> String {
        let status = self.0.until_exit();
        let said = self.0.log();
        assert_eq!(status.code(), Some(code), "{said}");
        said
    }

    /// Pulls its cable.
    pub(crate) fn unplug(&self) {
        self.0.say("set_link cable off\n");
    }

    /// Puts its cable back.
    pub(crate) fn plug(&self) {
        self.0.say("set_link cable on\n");
    }
}

/// A server of pages that has a key of 32 bytes 0x5e for `thermometer`, and no certificate.
pub(crate) fn server_with_key() -> (Peer, SocketAddr) {
    let key = "5e".repeat(32);
    let args = [
        "-nocert",
        "-psk_identity",
        "thermometer",
        "-psk",
        &key,
        "-tls1_3",
        "-www",
    ];
    openssl::bare_server(Scratch::new(), &args)
}

/// Versions of three clients: of those that are tested, and the first and the last are alike.
pub(crate) fn three_versions() -> [(&'static str, &'static str); 3] {
    let other = VERSIONS.into_iter().next().expect("a version");
    [TLS13, other, TLS13]
}

/// Bytes in which any that is lost, doubled or moved is seen.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    let bytes = (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
    bytes.collect()
}

/// What the guest makes of bytes that it hears.
pub(crate) fn sum(bytes: &[u8]) -> u32 {
    let add = |sum: u32, byte: &u8| sum.wrapping_mul(31).wrapping_add((*byte).into());
    bytes.iter().fold(0, add)
}

/// The number behind these words in what it said.
pub(crate) fn number(said: &str, words: &str) -> u32 {
    let (_, rest) = said
        .split_once(words)
        .unwrap_or_else(|| panic!("no {words:?}: {said}"));
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
    let number = digits.and_then(|digits| digits.parse().ok());
    number.unwrap_or_else(|| panic!("no number behind {words:?}: {said}"))
}

/// The cycles of the longest step in the figures behind these words.
pub(crate) fn longest(said: &str, words: &str) -> u32 {
    let (_, cost) = said
        .split_once(words)
        .unwrap_or_else(|| panic!("no {words:?}: {said}"));
    number(cost, "longest ")
}

/// Instructions in a cycle of the guest's timer, when time is counted in instructions: 1 ns each, and
/// 25 MHz.
const INSTRUCTIONS: u64 = 40;

/// Keeps the figures that a guest said for the table of `tests/run firmware`. Its cycles were those of
/// the host's time, and are not kept.
pub(crate) fn tell(who: &str, said: &str) {
    let calls = |cost: &str| {
        let (_, calls) = cost.rsplit_once(", ").expect("calls");
        calls.to_owned()
    };
    let mut rows = rows(who, said, calls);
    for line in said.lines().filter(|line| line.starts_with("heard ")) {
        let (bytes, time) = (number(line, "heard "), number(line, ", in "));
        let rate = u64::from(bytes) * 1000 / u64::from(time).max(1);
        rows += &format!("{who} | {bytes} bytes, {rate} in a second of the host\n");
    }
    keep(&rows);
}

/// The same for a guest that ran slowly, and counted.
pub(crate) fn tell_counted(who: &str, said: &str) {
    let rows = rows(who, said, |cost| {
        let million = |words| f64::from(number(cost, words)) * INSTRUCTIONS as f64 / 1e6;
        let (_, calls) = cost.rsplit_once(", ").expect("calls");
        let (all, longest) = (million(": "), million("longest "));
        format!("{all:.2} million instructions, {longest:.2} at a time, {calls}")
    });
    keep(&rows);
}

fn rows(who: &str, said: &str, of_cost: impl Fn(&str) -> String) -> String {
    let mut rows = String::new();
    for line in said.lines() {
        if let Some(cost) = line.strip_prefix("cost of ") {
            let (what, _) = cost.split_once(": ").expect("a cost");
            rows += &format!("{who} | {what}: {}\n", of_cost(cost));
        } else if let Some(cost) = line.strip_prefix("replayed ") {
            let (what, _) = cost.split_once(": ").expect("a cost");
            rows += &format!("{what} | {}\n", of_cost(cost));
        } else if line.starts_with("heap of ") || line.starts_with("memory: ") {
            rows += &format!("{who} | {line}\n");
        }
    }
    rows
}

pub(crate) fn keep(rows: &str) {
    let path = env::var("SSLCORE_TEST_FIGURES").expect("`tests/run firmware` sets it");
    let file = File::options().create(true).append(true).open(path);
    let kept = file.and_then(|mut file| file.write_all(rows.as_bytes()));
    kept.expect("keep the figures");
}
