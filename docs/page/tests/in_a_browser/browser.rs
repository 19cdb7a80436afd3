//! Chromium without a window, and its keyboard: the DevTools protocol over a pipe.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use sslcore_tests::chromium::FLAGS;

/// A browser that shows one page. It is stopped, and what it has written is removed, with this.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: BufReader<ChildStdout>,
    profile: PathBuf,
    session: Option<String>,
    number: u64,
}

impl Browser {
    /// Opens a file. Whatever the page wants from elsewhere is refused.
    pub(crate) fn open(page: &Path) -> Self {
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let profile = format!("browser-{}-{number}", std::process::id());
        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(profile);
        fs::create_dir_all(&profile).expect("a folder");
        // The browser takes commands from descriptor 3, and writes to 4. A minute is enough.
        let script = "exec timeout 60 chromium \"$@\" 3<&0 4>&1 0</dev/null 1>&2";
        let mut process = Command::new("sh")
            .args(["-c", script, "sh"])
            .args(FLAGS)
            // Nobody listens there.
            .args(["--proxy-server=127.0.0.1:1", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh");
        let commands = process.stdin.take().expect("piped");
        let messages = BufReader::new(process.stdout.take().expect("piped"));
        let mut browser = Self {
            process,
            commands,
            messages,
            profile,
            session: None,
            number: 0,
        };
        let url = format!("file://{}", page.display());
        let target = browser.call("Target.createTarget", &json!({ "url": url }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &target);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser
    }

    /// Makes a call, and gives its result.
    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands
            .write_all(command.to_string().as_bytes())
            .expect("a browser that listens");
        self.commands
            .write_all(&[0])
            .expect("a browser that listens");
        loop {
            let mut message = Vec::new();
            self.messages
                .read_until(0, &mut message)
                .expect("a message");
            assert_eq!(
                message.pop(),
                Some(0),
                "chromium (Debian: chromium) has ended"
            );
            let message: Value = serde_json::from_slice(&message).expect("JSON");
            if message["id"] == json!(self.number) {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
        }
    }

    /// Presses a key and lets it go.
    pub(crate) fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key });
            match key {
                "Tab" => {
                    event["code"] = json!("Tab");
                    event["windowsVirtualKeyCode"] = json!(9);
                }
                "Enter" => {
                    event["windowsVirtualKeyCode"] = json!(13);
                    event["text"] = json!("\r");
                }
                letter => event["text"] = json!(letter),
            }
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// What JavaScript's expression is, which only looks.
    pub(crate) fn look(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        let looked = self.call("Runtime.evaluate", &parameters);
        assert_eq!(looked["exceptionDetails"], Value::Null, "{expression}");
        looked["result"]["value"].clone()
    }

    /// The text of an element.
    pub(crate) fn text(&mut self, id: &str) -> String {
        let text = self.look(&format!("document.getElementById('{id}')?.innerText ?? ''"));
        text.as_str().expect("text").to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its processes end with it; without one that listens, too.
        let close = json!({ "id": 0, "method": "Browser.close" });
        let _ = self.commands.write_all(close.to_string().as_bytes());
        let _ = self.commands.write_all(&[0]);
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
