//! A network that nobody else is in, for servers that listen on every interface.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Set in the environment of a test that runs inside.
const INSIDE: &str = "SSLCORE_TEST_NETWORK";

/// How to get into a new network namespace here: root may make one, others one in a user
/// namespace of their own.
static UNSHARE: LazyLock<&[&str]> = LazyLock::new(|| {
    const WAYS: [&[&str]; 2] = [&["--net"], &["--map-root-user", "--net"]];
    let works = |flags: &&[&str]| {
        let mut trial = Command::new("unshare");
        trial.args(*flags).args(["ip", "link", "set", "lo", "up"]);
        let status = trial.stdin(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    WAYS.into_iter().find(works).expect(
        "gnutls-serv listens on every interface, so it is only run in a network of its own; \
         `unshare --net ip link set lo up` must work, as root or with user namespaces",
    )
});

/// Runs a test in a network of its own, which has a loopback interface and nothing else.
///
/// A process cannot move to another network safely, so the test program starts itself again in
/// there for this one test, which it finds by the closure's name: `story` must be written in the
/// test function itself.
///
/// # Panics
/// When the test panics in there, or does not run.
pub fn alone<F: FnOnce()>(story: F) {
    if std::env::var_os(INSIDE).is_some() {
        return story();
    }
    let path = std::any::type_name::<F>();
    let test = path
        .strip_suffix("::{{closure}}")
        .and_then(|path| path.split_once("::"))
        .map(|(_, test)| test)
        .expect("a closure of a test function");
    let output = Command::new("unshare")
        .args(*UNSHARE)
        .args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
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
