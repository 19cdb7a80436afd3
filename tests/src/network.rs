//! A network that nobody else is in, for servers that listen on every interface or take no port
//! that is free by chance, and that leave processes behind.

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use crate::peer::Scratch;
use crate::wire::LIFETIME;

/// Set in the environment of a test that runs inside.
const INSIDE: &str = "SSLCORE_TEST_NETWORK";

/// What a test has for itself: the network, all processes, and memory shared between them. When
/// its first process ends, the system ends all others in there.
const ALONE: [&str; 6] = [
    "--net",
    "--pid",
    "--ipc",
    "--fork",
    "--kill-child",
    "--mount-proc",
];

/// How to get into new namespaces here: root may make them, others in a user namespace of theirs.
/// In a folder that is root by chroot(2) alone, how mounts spread cannot be changed, and stays.
static UNSHARE: LazyLock<&[&str]> = LazyLock::new(|| {
    const WAYS: [&[&str]; 3] = [&[], &["--map-root-user"], &["--propagation", "unchanged"]];
    let works = |flags: &&[&str]| {
        let mut trial = Command::new("unshare");
        trial.args(*flags).args(ALONE);
        trial.args(["ip", "link", "set", "lo", "up"]);
        let status = trial.stdin(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let Some(way) = WAYS.into_iter().find(works) else {
        panic!(
            "servers that listen on every interface, or leave processes behind, are only run in \
             namespaces of their own; `unshare {} ip link set lo up` must work, as root or with \
             user namespaces",
            ALONE.join(" ")
        );
    };
    way
});

/// A free port on the loopback interface. It stays free where nobody else is: see [`alone`].
pub fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    free.expect("a free port")
}

/// Runs a test in a network of its own, which has a loopback interface and nothing else. All
/// processes that it starts end with it, and its temporary files are removed behind them.
///
/// A process cannot move to another network safely, so the test program starts itself again in
/// there for this one test, which it finds by the closure's name: `story` must be written in the
/// test function itself.
///
/// # Panics
/// When the test panics in there, or does not run.
pub fn alone<F: FnOnce()>(story: F) {
    if std::env::var_os(INSIDE).is_some() {
        thread::spawn(|| {
            thread::sleep(2 * LIFETIME);
            eprintln!("the test does not end");
            std::process::exit(1);
        });
        return story();
    }
    let path = std::any::type_name::<F>();
    let test = path
        .strip_suffix("::{{closure}}")
        .and_then(|path| path.split_once("::"))
        .map(|(_, test)| test)
        .expect("a closure of a test function");
    let scratch = Scratch::new();
    // A test program that is killed takes this one with it.
    let output = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "unshare"])
        .args(*UNSHARE)
        .args(ALONE)
        .args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .env("TMPDIR", scratch.path())
        .stdin(Stdio::null())
        .output()
        .expect("start this program again");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let passed = output.status.success() && out.contains("test result: ok. 1 passed");
    assert!(
        passed,
        "{test} failed in a network of its own:\n{out}\n{err}"
    );
}
