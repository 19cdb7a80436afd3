//! `sslcore_std::tokio` against programs of others, with hyper and without.

mod common;

use std::net::SocketAddr;

use common::on_hyper::{ask, connect, serve};
use common::{client, pattern, server};
use sslcore::ServerStart;
use sslcore_std::tokio::SslStream;
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl;
use sslcore_tests::pair::server_name;
use sslcore_tests::peer::{Peer, Scratch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The next connection, which is told to start TLS.
async fn accept(listener: &TcpListener) -> SslStream<TcpStream> {
    let (stream, _) = listener.accept().await.expect("accept");
    let config = server().build().expect("server");
    SslStream::server(stream, ServerStart::With(config))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    (listener, address)
}

async fn reach(address: SocketAddr) -> SslStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("connect");
    let config = client().build().expect("client");
    SslStream::client(stream, &config, server_name())
}

#[tokio::test]
async fn hyper_asks_openssl_and_understands_its_answer() {
    for (version, flag) in openssl::VERSIONS {
        let (mut openssl, address) = openssl::server(&WORLD.server, &[flag, "-www"]);
        let (mut client, connection) = connect(reach(address).await).await;
        let page = ask(&mut client, "/", b"").await;
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("s_server"), "{page}");
        assert!(page.contains(version), "{page}");
        drop(client);
        // OpenSSL ends the page with close_notify.
        connection.await.expect("no panic").expect("an orderly end");
        openssl.until_exit();
    }
}

#[tokio::test]
async fn hyper_answers_curl() {
    let (listener, address) = listen().await;
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", openssl::ca_pem());
    let body = pattern(1 << 20);
    let file = scratch.file("body", &body);
    let resolve = format!("server.test:{}:127.0.0.1", address.port());
    let url = |path| format!("https://server.test:{}/{path}", address.port());
    let data = format!("@{file}");
    let mut args = vec!["--silent", "--show-error", "--fail", "--http1.1"];
    args.extend([
        "--cacert",
        &ca,
        "--resolve",
        &resolve,
        "--data-binary",
        &data,
    ]);
    // The second comes over the same connection.
    let urls = [url("one"), url("two")];
    args.extend(urls.iter().map(String::as_str));
    let mut curl = Peer::start("curl", args, scratch);
    serve(accept(&listener).await)
        .await
        .expect("an orderly end");
    let status = tokio::task::spawn_blocking(move || (curl.until_exit(), curl)).await;
    let (status, curl) = status.expect("no panic");
    assert!(status.success(), "{}", curl.err());
    let answers = [b"/one\n", &body[..], b"/two\n", &body].concat();
    assert!(curl.out() == answers, "it arrived changed");
}

#[tokio::test]
async fn openssl_hears_what_is_written_and_where_it_ends() {
    for (_, flag) in openssl::VERSIONS {
        let (listener, address) = listen().await;
        let mut openssl = openssl::client(address, &[flag, "-quiet", "-msgfile", "/dev/null"]);
        let mut stream = accept(&listener).await;
        openssl.say("from the peer\n");
        let mut heard = [0; 14];
        stream.read_exact(&mut heard).await.expect("heard");
        assert_eq!(&heard, b"from the peer\n");
        let said = pattern(300_000);
        stream.write_all(&said).await.expect("said");
        stream.shutdown().await.expect("closed");
        // s_client ends when it is told that this was all.
        assert_eq!(stream.read(&mut heard).await.expect("an end"), 0);
        openssl.until_exit_having_printed(&said);
    }
}
