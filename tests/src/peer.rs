//! Programs of other libraries, as peers.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::certs::Identity;
use crate::wire::{LIFETIME, REST, Wire, find};

/// A folder of one test's own, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty one.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sslcore-interop-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("create a folder for the test");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and gives its path, as an argument of a command.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, contents).expect("write a file for the test");
        path.into_os_string()
            .into_string()
            .expect("a path in UTF-8")
    }

    /// Files with a certificate chain and its key, in PEM.
    pub fn identity(&self, identity: &Identity) -> (String, String) {
        (
            self.file("cert.pem", identity.chain_pem()),
            self.file("key.pem", identity.key_pem()),
        )
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The system's temporary folder is swept by others too.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a peer has printed.
#[derive(Default)]
struct Printed {
    out: Vec<u8>,
    err: Vec<u8>,
}

type Log = Mutex<Printed>;

fn lock(log: &Log) -> MutexGuard<'_, Printed> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running program. It is killed when dropped; when the test fails, what it printed is shown.
pub struct Peer {
    child: Child,
    log: Arc<Log>,
    stdin: Option<Sender<Vec<u8>>>,
    born: Instant,
    scratch: Scratch,
}

impl Peer {
    /// Starts a program in a folder, which it keeps.
    pub fn start<'a>(
        program: &str,
        args: impl IntoIterator<Item = &'a str>,
        scratch: Scratch,
    ) -> Self {
        let mut child = Command::new(program)
            .args(args)
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {program}: {error}; tests/run installs it"));
        let log = Arc::new(Log::default());
        let out = child.stdout.take().expect("piped");
        collect(out, &log, |printed| &mut printed.out);
        let err = child.stderr.take().expect("piped");
        collect(err, &log, |printed| &mut printed.err);
        let (stdin, lines) = channel::<Vec<u8>>();
        let mut pipe = child.stdin.take().expect("piped");
        thread::spawn(move || {
            // A peer that has gone needs no more input.
            lines.iter().all(|bytes| pipe.write_all(&bytes).is_ok());
        });
        Self {
            child,
            log,
            stdin: Some(stdin),
            born: Instant::now(),
            scratch,
        }
    }

    /// The folder it runs in.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Queues bytes for its standard input.
    pub fn say(&self, bytes: impl Into<Vec<u8>>) {
        let stdin = self.stdin.as_ref().expect("its input is open");
        stdin.send(bytes.into()).expect("its writer lives");
    }

    /// Ends its standard input behind what was said.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// All of its standard output so far.
    pub fn out(&self) -> Vec<u8> {
        lock(&self.log).out.clone()
    }

    /// All of its standard error so far.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&lock(&self.log).err).into_owned()
    }

    /// Everything it has printed so far: standard output, then standard error.
    pub fn log(&self) -> String {
        let printed = lock(&self.log);
        let [out, err] = [&printed.out, &printed.err].map(|text| String::from_utf8_lossy(text));
        format!("{out}\n{err}")
    }

    /// Whether it has printed this.
    pub fn said(&self, text: &str) -> bool {
        self.log().contains(text)
    }

    /// Whether its standard output has so many bytes by now.
    pub fn said_much(&self, len: usize) -> bool {
        lock(&self.log).out.len() >= len
    }

    /// Waits until it has printed this.
    pub fn until_said(&self, text: &str) {
        self.until(text, |peer| peer.said(text));
    }

    /// Waits for a condition on what it printed. Its two outputs are two pipes: what is on one
    /// says nothing about how far the other was read.
    pub fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            assert!(
                self.born.elapsed() < LIFETIME,
                "the peer never prints {what:?}"
            );
            thread::sleep(REST);
        }
    }

    /// Waits until it ends by itself and everything it printed was read.
    pub fn until_exit(&mut self) -> ExitStatus {
        loop {
            let status = self.child.try_wait().expect("ask for its status");
            // Each of the two collectors holds the log until its pipe ends.
            if let (Some(status), 1) = (status, Arc::strong_count(&self.log)) {
                return status;
            }
            assert!(self.born.elapsed() < LIFETIME, "the peer does not end");
            thread::sleep(REST);
        }
    }

    /// Waits until it takes connections here. Each attempt is one that it sees.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn until_listening(&mut self, address: SocketAddr) {
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait().expect("ask for its status") {
                panic!("the peer ended with {status} before it listened on {address}");
            }
            assert!(
                self.born.elapsed() < LIFETIME,
                "the peer never listens on {address}"
            );
            thread::sleep(REST);
        }
    }

    /// Data passes both ways between its own streams and our end. What it printed until then has
    /// been collected.
    pub fn converse(&self, wire: &mut Wire) {
        let before = wire.received.len();
        self.say("from the peer\n");
        wire.until_received(before + 14);
        assert_eq!(&wire.received[before..], b"from the peer\n");
        let ours = format!("from us at {before}\n");
        wire.send(ours.as_bytes());
        wire.until("the peer's output", |_| self.said(&ours));
    }

    /// Much data passes both ways at once, while our end reads a little at a time.
    pub fn converse_at_length(&self, wire: &mut Wire, data: &[u8]) {
        wire.sip = 5000;
        wire.until_encrypted();
        self.say(data);
        wire.send(data);
        wire.until_received(data.len());
        assert!(wire.received == data, "what the peer sent arrived changed");
        wire.until("all at the peer", |_| self.said_much(data.len()));
    }

    /// Waits until it ends, having printed all of this in one piece.
    #[track_caller]
    pub fn until_exit_having_printed(&mut self, data: &[u8]) {
        self.until_exit();
        let out = self.out();
        let start = find(&out, &data[..1024]).expect("the first line");
        assert!(out[start..].starts_with(data), "it arrived changed");
    }

    /// Stops it from running, so that it reads nothing any more.
    pub fn freeze(&self) {
        let id = self.child.id();
        let stop = format!("kill -STOP {id}");
        let status = Command::new("sh").args(["-c", &stop]).status();
        assert!(status.is_ok_and(|status| status.success()), "{stop}");
        let stat = format!("/proc/{id}/stat");
        let stopped = || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "));
        while !stopped() {
            assert!(self.born.elapsed() < LIFETIME, "the peer does not stop");
            thread::sleep(REST);
        }
    }

    /// Kills it: its sockets are closed by the system, without a word of TLS.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- the peer printed:\n{}", self.log());
        }
    }
}

fn collect(
    mut pipe: impl Read + Send + 'static,
    log: &Arc<Log>,
    into: fn(&mut Printed) -> &mut Vec<u8>,
) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n @ 1..) = pipe.read(&mut buffer) {
            into(&mut lock(&log)).extend_from_slice(&buffer[..n]);
        }
    });
}
