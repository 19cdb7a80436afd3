//! The page in a real browser, by its keyboard. `tests/run page` installs that, and builds the page.

mod browser;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use self::browser::Browser;

/// The page, built as README says.
fn page() -> &'static Path {
    static PAGE: OnceLock<PathBuf> = OnceLock::new();
    PAGE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("handshake.html");
        let built = Command::new(env!("CARGO_BIN_EXE_sslcore-page"))
            .arg(&path)
            .output();
        let built = built.expect("it runs");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        path
    })
}

/// A browser in which the page is ready.
fn open() -> Browser {
    let mut browser = Browser::open(page());
    // It is loaded when it says so; the browser ends before this does, if it never is.
    while !browser.text("said").starts_with("Two ends") {
        sleep(Duration::from_millis(50));
    }
    browser
}

/// Goes on until this is seen in the place, and says after how many steps.
fn step_to(browser: &mut Browser, place: &str, wanted: &str) -> usize {
    for steps in 0..60 {
        if browser.text(place).contains(wanted) {
            return steps;
        }
        browser.press("n");
    }
    panic!("{wanted} never came: {}", browser.text("shown"));
}

#[test]
fn a_session_goes_its_way_and_nothing_is_fetched() {
    let mut browser = open();
    step_to(&mut browser, "said", "The client holds the handshake");
    assert!(browser.text("shown").contains("SslErrors("));
    step_to(&mut browser, "said", "The client has its answer");
    step_to(&mut browser, "said", "Nothing more will happen");
    let shown = browser.text("shown");
    for seen in [
        "Encrypted",
        "PeerClosed",
        "Closed(CloseReport { clean: true",
    ] {
        assert!(shown.contains(seen), "{seen}: {shown}");
    }
    // The picture is there, and the page has everything that it needs.
    assert!(
        browser
            .look("document.querySelectorAll('svg .a').length")
            .as_u64()
            > Some(5)
    );
    let fetched = browser.look("performance.getEntriesByType('resource').length");
    assert_eq!(fetched.as_u64(), Some(0));
}

#[test]
fn a_dropped_record_is_missed() {
    let mut browser = open();
    // The client's Finished, and its first data behind that.
    step_to(&mut browser, "said", "The client is encrypted");
    browser.press("d");
    let said = browser.text("said");
    assert!(said.contains("is lost"), "{said}");
    step_to(&mut browser, "shown", "Failed(BadRecordMac)");
    // The alert is a record of its own, and arrives when it arrives.
    step_to(&mut browser, "shown", "AlertReceived(BadRecordMac)");
}

#[test]
fn a_verdict_that_comes_late_holds_the_handshake() {
    let mut browser = open();
    browser.press("v");
    assert!(browser.text("said").contains("until you give one"));
    step_to(&mut browser, "said", "The client holds the handshake");
    let held = browser.text("shown");
    assert!(!held.contains("ms Encrypted\n"), "{held}");
    browser.press("a");
    assert!(browser.text("said").contains("accepts the certificate"));
    step_to(&mut browser, "said", "The client has its answer");
    assert!(browser.text("shown").contains("a decision was open for"));

    browser.press("x");
    browser.press("v");
    step_to(&mut browser, "said", "The client holds the handshake");
    browser.press("r");
    let shown = browser.text("shown");
    assert!(
        shown.contains("Failed(CertificateRejected(") && shown.contains("AlertSent("),
        "{shown}"
    );
}

#[test]
fn plaintext_before_the_switch_is_noticed() {
    let mut browser = open();
    browser.press("n");
    browser.press("i");
    assert!(browser.text("shown").contains("RCPT TO:<eve@example.org>"));
    browser.press("n");
    let said = browser.text("said");
    assert!(said.contains("The server does not switch to TLS"), "{said}");
    // And on the way back, for the client.
    browser.press("x");
    browser.press("n");
    browser.press("n");
    browser.press("i");
    browser.press("n");
    let said = browser.text("said");
    assert!(said.contains("The client does not switch to TLS"), "{said}");
}

#[test]
fn a_stream_that_is_cut_is_no_end() {
    let mut browser = open();
    step_to(&mut browser, "said", "The client is encrypted");
    step_to(&mut browser, "said", "The server answers");
    browser.press("c");
    let shown = browser.text("shown");
    assert!(shown.contains("Truncated"), "{shown}");
}

#[test]
fn every_button_is_reached_by_the_keyboard_alone() {
    let mut browser = open();
    let mut reached = Vec::new();
    for _ in 0..8 {
        browser.press("Tab");
        let key = browser.look("document.activeElement.dataset?.key ?? ''");
        reached.push(key.as_str().expect("text").to_owned());
    }
    assert_eq!(reached, ["n", "d", "i", "c", "v", "a", "r", "x"]);
    browser.press("Tab");
    for _ in 0..5 {
        browser.press("Tab");
    }
    // Whatever has the focus, the keys do what they say.
    browser.press("n");
    assert!(browser.text("said").contains("asks for TLS"));
}
