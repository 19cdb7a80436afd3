//! The program `sslcore`, as its users run it: a process with streams and an exit code.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sslcore::{ServerConfig, ServerStart};
use sslcore_std::SslSocket;
use sslcore_tests::certs::{WORLD, pem};

use super::{LONG, adopt, server};

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// It went well, and put out exactly this.
    #[track_caller]
    pub fn assert_put_out(&self, data: &[u8]) {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        let (told, all) = (self.stdout.len(), data.len());
        assert!(self.stdout == data, "{told} of {all} bytes");
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// `sslcore connect`, with a timeout that only a failing test reaches.
pub fn connect(to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    command.args(["connect", to, "--timeout", "20"]);
    command
}

/// The same to this server, trusting the tests' root.
pub fn trusting(door: &Door) -> Command {
    let mut command = connect(&door.address().to_string());
    command.arg("--ca").arg(ca_file());
    command
}

/// As long as a command may take at most, for which a test waits that fails.
const MOST: Duration = Duration::from_secs(300);

/// Runs it with this input, to its end.
pub fn run(command: &mut Command, input: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run the program");
    let mut stdin = child.stdin.take().expect("stdin");
    let (ended, ends) = mpsc::channel::<()>();
    let id = Pid::from_child(&child);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if ends.recv_timeout(MOST) == Err(RecvTimeoutError::Timeout) {
                kill_process(id, Signal::KILL).expect("it has not ended");
            }
        });
        scope.spawn(move || {
            // A program that ends early does not read all of it.
            let _ = stdin.write_all(input);
        });
        let output = child.wait_with_output().expect("its output");
        drop(ended);
        output.into()
    })
}

/// Runs it with a standard output that nobody reads any more.
pub fn run_unread(command: &mut Command) -> Run {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let command = command.stdin(Stdio::null()).stdout(writer);
    command.output().expect("run the program").into()
}

/// A file of this test run's own.
pub fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = fresh(name);
    fs::write(&path, content).expect("write a file");
    path
}

/// A name that no file has yet.
pub fn fresh(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}-{count}-{name}", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The root that vouches for the tests' server.
pub fn ca_file() -> PathBuf {
    file("ca.pem", pem("CERTIFICATE", &WORLD.ca.der()).as_bytes())
}

/// A server for one client, on a free port.
pub struct Door(TcpListener);

impl Door {
    pub fn open() -> Self {
        Self(TcpListener::bind(("127.0.0.1", 0)).expect("bind"))
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("address")
    }

    /// The next client, in plaintext.
    pub fn accept(&self) -> TcpStream {
        self.0.set_nonblocking(true).expect("non-blocking");
        let begun = std::time::Instant::now();
        let stream = loop {
            match self.0.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("accept: {error}"),
            }
            assert!(begun.elapsed() < LONG, "nobody connects");
            std::thread::sleep(std::time::Duration::from_millis(1));
        };
        stream.set_nonblocking(false).expect("blocking");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(LONG)).expect("timeout");
        stream.set_write_timeout(Some(LONG)).expect("timeout");
        stream
    }

    /// The next client, told to speak TLS with the tests' certificate.
    pub fn serve(&self) -> SslSocket {
        encrypt(self.accept())
    }

    /// Serves the next client with this configuration until it is over, however that ends.
    pub fn serve_any_end(&self, config: &ServerConfig) {
        let mut socket = self.serve_with(config);
        let _ = socket.wait_for_encrypted(Some(LONG));
        socket.disconnect_from_host(LONG);
    }

    /// The next client, told to speak TLS with this configuration.
    pub fn serve_with(&self, config: &ServerConfig) -> SslSocket {
        encrypt_with(self.accept(), config)
    }
}

/// The client's next words, which must be these.
#[track_caller]
pub fn hear(stream: &mut TcpStream, words: &[u8]) {
    let mut heard = vec![0; words.len()];
    stream.read_exact(&mut heard).expect("hear");
    assert_eq!(
        heard.escape_ascii().to_string(),
        words.escape_ascii().to_string()
    );
}

/// Starts TLS on a server's stream.
pub fn encrypt(stream: TcpStream) -> SslSocket {
    encrypt_with(stream, &server().build().expect("server"))
}

fn encrypt_with(stream: TcpStream, config: &ServerConfig) -> SslSocket {
    let mut socket = adopt(stream);
    socket
        .start_server_encryption(ServerStart::With(config.clone()))
        .expect("start the server");
    socket
}
