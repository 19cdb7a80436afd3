//! Chromium, as the tests start it.

/// No window, no sandbox for root, and nothing that it fetches or does on its own behalf.
pub const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
