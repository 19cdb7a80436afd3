//! HTTP/1.1 by hyper over `sslcore_std::tokio`, on both ends.

mod common;

use common::on_hyper::{ask, connect, serve};
use common::on_tokio::{started, tcp};
use common::{VERSIONS, pattern};
use tokio::io::{AsyncRead, AsyncWrite, duplex};

async fn three_requests<S>(version: &str, pipes: (S, S))
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (one, other) = started(version, pipes.0, pipes.1);
    let serving = tokio::spawn(serve(other));
    let (mut client, connection) = connect(one).await;
    for (path, body) in [
        ("/a", pattern(1 << 20)),
        ("/b", Vec::new()),
        ("/c", pattern(3)),
    ] {
        let answer = ask(&mut client, path, &body).await;
        assert!(answer == [path.as_bytes(), b"\n", &body].concat(), "{path}");
    }
    drop(client);
    connection.await.expect("no panic").expect("an orderly end");
    serving.await.expect("no panic").expect("an orderly end");
}

#[tokio::test]
async fn requests_and_answers_of_any_size_pass_over_tcp() {
    for version in VERSIONS {
        three_requests(version, tcp().await).await;
    }
}

#[tokio::test]
async fn requests_and_answers_of_any_size_pass_through_a_narrow_pipe() {
    for version in VERSIONS {
        three_requests(version, duplex(500)).await;
    }
}
