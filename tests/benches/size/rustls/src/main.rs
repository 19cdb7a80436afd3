//! Asks a server for its first page, and prints the answer: `size-rustls HOST:PORT NAME ROOT.der`.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, name, root] = &arguments[..] else {
        return Err("usage: HOST:PORT NAME ROOT.der".into());
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(std::fs::read(root)?))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let conn = ClientConnection::new(Arc::new(config), ServerName::try_from(name.clone())?)?;
    let mut stream = StreamOwned::new(conn, TcpStream::connect(address)?);
    stream.write_all(format!("GET / HTTP/1.0\r\nHost: {name}\r\n\r\n").as_bytes())?;
    let (mut answer, mut room) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut room) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&room[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    std::io::stdout().write_all(&answer)?;
    Ok(())
}
