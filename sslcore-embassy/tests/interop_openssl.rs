//! Sockets over TCP against OpenSSL.

mod common;

use core::future::poll_fn;
use core::task::Poll;
use std::io::{self, ErrorKind as Kind};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use common::{client, client_over, pattern, server, server_over};
use embassy_futures::block_on;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use sslcore::{Alert, FailureKind, SslErrorKind};
use sslcore_embassy::{Error, SslSocket, Transport};
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl;

/// A TCP stream of the system, asked again and again.
struct Tcp(TcpStream);

impl Tcp {
    fn new(stream: TcpStream) -> Self {
        stream.set_nonblocking(true).expect("a stream");
        Self(stream)
    }

    fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).expect("connect"))
    }
}

/// One direction of it.
struct Half<'a>(&'a TcpStream);

async fn until<T>(mut attempt: impl FnMut() -> io::Result<T>) -> Result<T, ErrorKind> {
    poll_fn(|cx| match attempt() {
        Err(error) if error.kind() == Kind::WouldBlock => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        outcome => Poll::Ready(outcome.map_err(|_| ErrorKind::Other)),
    })
    .await
}

impl ErrorType for Half<'_> {
    type Error = ErrorKind;
}

impl Read for Half<'_> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
        until(|| io::Read::read(&mut self.0, out)).await
    }
}

impl Write for Half<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        until(|| io::Write::write(&mut self.0, bytes)).await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Transport for Tcp {
    type Reader<'a> = Half<'a>;
    type Writer<'a> = Half<'a>;

    fn halves(&mut self) -> (Half<'_>, Half<'_>) {
        (Half(&self.0), Half(&self.0))
    }

    fn finish(&mut self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

/// Everything up to the peer's close_notify.
async fn read_to_end(socket: &mut SslSocket<Tcp>) -> Result<Vec<u8>, Error> {
    let (mut all, mut piece) = (Vec::new(), vec![0; 5000]);
    loop {
        match socket.read(&mut piece).await? {
            0 => return Ok(all),
            n => all.extend_from_slice(&piece[..n]),
        }
    }
}

#[test]
fn a_client_asks_openssl_for_a_page() {
    for (version, flag) in openssl::VERSIONS {
        let (mut peer, address) = openssl::server(&WORLD.server, &[flag, "-www"]);
        let page = block_on(async {
            let mut socket = client_over(Tcp::connect(address), &client(version));
            socket.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
            socket.flush().await?;
            let page = read_to_end(&mut socket).await?;
            socket.close().await?;
            Ok::<_, Error>(page)
        });
        let page = String::from_utf8(page.expect("a page")).expect("text");
        assert!(
            page.contains("s_server") && page.contains(version),
            "{page}"
        );
        peer.until_exit();
    }
}

#[test]
fn a_server_repeats_what_openssl_says() {
    let data = pattern(300_000);
    for (version, flag) in openssl::VERSIONS {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address");
        let said = data.clone();
        let peer = std::thread::spawn(move || openssl::hear_own_words(address, flag, &said));
        block_on(async {
            let (stream, _) = listener.accept().expect("accept");
            let socket = server_over(Tcp::new(stream), server(version));
            // Two tasks: one hears while the other says.
            let mut shared = socket.into_shared();
            let (mut reader, mut writer) = shared.split();
            let mut piece = vec![0; 5000];
            while let n @ 1.. = reader.read(&mut piece).await? {
                writer.write_all(&piece[..n]).await?;
                writer.flush().await?;
            }
            writer.close().await
        })
        .expect("repeated");
        peer.join().expect("it has heard all");
    }
}

#[test]
fn openssl_hears_why_it_was_refused() {
    for (version, flag) in openssl::VERSIONS {
        let (mut peer, address) = openssl::server(&WORLD.stranger, &[flag]);
        let refused = block_on(async {
            let mut socket = client_over(Tcp::connect(address), &client(version));
            socket.wait_for_encrypted().await
        });
        let Err(Error::Failed(FailureKind::CertificateRejected(kind))) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(kind, SslErrorKind::UnableToGetLocalIssuerCertificate);
        openssl::assert_only_alerted(&mut peer, version, Alert::UnknownCa);
    }
}
