//! A client on a blocking socket, over the sans-IO connection alone.
//!
//! ```sh
//! cargo run -p sslcore --features ring --example blocking -- HOST:PORT NAME ROOT.der
//! ```

#[allow(dead_code, reason = "the server is run in the tests")]
#[allow(unreachable_pub, reason = "the file is shown, and everybody copies it")]
mod session;

use std::net::TcpStream;

use sslcore::crypto::Backend;
use sslcore::{CertificateDer, ClientConfig};

fn main() -> session::Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, name, root] = &arguments[..] else {
        return Err("usage: blocking HOST:PORT NAME ROOT.der".into());
    };
    let root = CertificateDer::from(std::fs::read(root)?);
    let config = ClientConfig::builder(Backend::ring()).trust_anchors([root]);
    let socket = TcpStream::connect(address)?;
    let request = format!("GET / HTTP/1.0\r\nHost: {name}\r\n\r\n");
    let answer = session::ask(&config.build()?, name, socket, request.as_bytes())?;
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}
