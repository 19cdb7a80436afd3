//! The form for tokio, over pipes in memory and over TCP.

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod waking;

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use common::on_tokio::{encrypted, once, started, tcp};
use common::{LONG, P256, VERSIONS, asking_server, client, pattern, server, sign};
use sslcore::{
    Alert, ClientConfig, Event, FailureKind, OnErrors, PreSharedKey, ServerConfig, ServerStart,
    SignError, Signature, UsageError, Verdict, VerifyMode,
};
use sslcore_std::WaitError;
use sslcore_std::tokio::SslStream;
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::server_name;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream, ReadBuf,
    duplex, split,
};

/// Far more than anything here holds.
const MUCH: usize = 1 << 20;

/// The inner value of an error.
fn why<E: std::error::Error + 'static>(error: &io::Error) -> Option<&E> {
    error.get_ref()?.downcast_ref()
}

/// Waits for what must not take long.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future)
        .await
        .expect("it never ends")
}

/// A stream that takes everything, and gives what this puts into a buffer.
struct Giving<G>(G);

impl<G> AsyncRead for Giving<G>
where
    G: FnMut(&mut ReadBuf<'_>) -> io::Result<()> + Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(self.0(out))
    }
}

impl<G: Unpin> AsyncWrite for Giving<G> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

async fn converse<S>(end: SslStream<S>, says: &[u8], len: usize) -> Vec<u8>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = split(end);
    let mut heard = vec![0; len];
    let said = async {
        writer.write_all(says).await?;
        writer.flush().await
    };
    let (said, read) = tokio::join!(said, reader.read_exact(&mut heard));
    said.expect("said");
    read.expect("heard");
    writer.shutdown().await.expect("closed");
    assert_eq!(reader.read(&mut [0; 1]).await.expect("an end"), 0);
    let report = reader.unsplit(writer).close_report().expect("it is over");
    assert!(report.clean && report.close_notify_sent, "{report:?}");
    heard
}

async fn converse_both<S: AsyncRead + AsyncWrite + Unpin>(ends: (SslStream<S>, SslStream<S>)) {
    converse_of(200_000, ends).await;
}

async fn converse_of<S>(len: usize, ends: (SslStream<S>, SslStream<S>))
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (long, short) = (pattern(len), pattern(len / 7));
    let (one, other) = (
        converse(ends.0, &long, short.len()),
        converse(ends.1, &short, long.len()),
    );
    let heard = soon(async { tokio::join!(one, other) }).await;
    assert!(heard == (short, long), "the bytes differ");
}

#[tokio::test]
async fn all_bytes_pass_both_ways_to_a_clean_end_through_pipes_of_any_size() {
    for version in VERSIONS {
        for (size, len) in [(1, 1000), (7, 5000), (5000, 200_000), (MUCH, 200_000)] {
            let (one, other) = duplex(size);
            converse_of(len, started(version, one, other)).await;
        }
    }
}

#[tokio::test]
async fn all_bytes_pass_both_ways_to_a_clean_end_over_tcp() {
    for version in VERSIONS {
        let (one, other) = tcp().await;
        converse_both(started(version, one, other)).await;
    }
}

#[tokio::test]
async fn all_bytes_pass_through_a_stream_that_holds_them_back_until_it_is_flushed() {
    let (one, other) = duplex(5000);
    let (one, other) = (BufStream::new(one), BufStream::new(other));
    converse_both(started("TLSv1.3", one, other)).await;
}

#[tokio::test]
async fn tls_runs_within_tls() {
    let (one, other) = duplex(5000);
    let (one, other) = encrypted("TLSv1.3", one, other).await;
    converse_both(started("TLSv1.2", one, other)).await;
}

#[tokio::test]
async fn what_follows_a_go_ahead_is_not_received_as_plaintext() {
    let (mut peer, end) = duplex(1000);
    let mut end = SslStream::new(end);
    peer.write_all(b"STARTTLS\r\n").await.expect("room");
    let mut line = String::new();
    end.read_line(&mut line).await.expect("a line");
    peer.write_all(&[22, 3, 1]).await.expect("room");
    end.write_all(b"220 go ahead\r\n").await.expect("room");
    end.flush().await.expect("room");
    let config = server().build().expect("server");
    end.start_server_encryption(ServerStart::With(config))
        .expect("nothing came before");
}

#[tokio::test]
async fn bytes_injected_behind_the_go_ahead_are_refused() {
    let (mut peer, end) = duplex(1000);
    let mut end = SslStream::new(end);
    peer.write_all(b"220 go ahead\r\ninjected")
        .await
        .expect("room");
    let mut line = String::new();
    end.read_line(&mut line).await.expect("a line");
    let config = client().build().expect("client");
    let refused = end.start_client_encryption(&config, server_name());
    assert_eq!(refused, Err(UsageError::UnreadPlaintext { bytes: 8 }));
}

#[tokio::test]
async fn writing_waits_when_the_stream_below_takes_nothing() {
    let (one, other) = duplex(1000);
    let (mut one, _other) = encrypted("TLSv1.3", one, other).await;
    let piece = pattern(5000);
    let mut accepted = 0;
    while let Poll::Ready(n) = once(&mut pin!(one.write(&piece))) {
        accepted += n.expect("open");
        assert!(accepted < 60_000, "it grows without bound");
    }
    assert!(accepted > 10_000);
}

#[tokio::test]
async fn many_slices_make_one_record() {
    let (one, other) = duplex(MUCH);
    let (mut one, mut other) = encrypted("TLSv1.3", one, other).await;
    assert!(one.is_write_vectored());
    let (slices, told) = (
        [IoSlice::new(b"ab"); 50],
        Event::EncryptedBytesWritten(100 + 22),
    );
    while one.poll_event().is_some() {}
    assert_eq!(one.write_vectored(&slices).await.expect("room"), 100);
    let mut events = std::iter::from_fn(|| one.poll_event());
    assert!(events.any(|event| event == told));
    let mut heard = [0; 100];
    other.read_exact(&mut heard).await.expect("heard");
    assert_eq!(heard[..], b"ab".repeat(50));
    assert_eq!(one.write_vectored(&[]).await.expect("nothing"), 0);
}

#[tokio::test]
async fn a_question_can_be_answered_any_time_later() {
    let config = client().on_errors(OnErrors::Hold).build().expect("client");
    let doubtful = server().identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let doubtful = doubtful.build().expect("server");
    for verdict in [Verdict::Accept, Verdict::Reject] {
        let (one, other) = duplex(1000);
        let mut one = SslStream::client(one, &config, server_name());
        let mut other = SslStream::server(other, ServerStart::With(doubtful.clone()));
        let accept = matches!(verdict, Verdict::Accept);
        let asking = async {
            let Err(WaitError::VerdictNeeded(id)) = one.handshake().await else {
                panic!("{:?}", one.status());
            };
            assert!(!one.connection().ssl_errors().is_empty());
            for error in [
                one.read(&mut [0; 1]).await.expect_err("not before"),
                one.write_all(&pattern(100_000))
                    .await
                    .expect_err("too much"),
            ] {
                assert_eq!(why(&error), Some(&WaitError::VerdictNeeded(id)));
            }
            tokio::task::yield_now().await;
            one.answer(id, verdict).expect("open");
            one.handshake().await
        };
        let (asked, served) = tokio::join!(asking, other.handshake());
        assert_eq!(asked.is_ok(), accept, "{asked:?}");
        // In TLS 1.3 the server hears of a rejection instead of Finished.
        assert_eq!(served.is_ok(), accept, "{served:?}");
    }
}

#[tokio::test]
async fn a_server_can_choose_its_configuration_when_it_has_seen_the_hello() {
    let (one, other) = duplex(1000);
    let config = client().build().expect("client");
    let mut one = SslStream::client(one, &config, server_name());
    let fallback = server().build().expect("server");
    let mut other = SslStream::server(other, ServerStart::Ask { fallback });
    let choosing = async {
        let Err(WaitError::ConfigNeeded(id)) = other.handshake().await else {
            panic!("{:?}", other.status());
        };
        let config = server().build().expect("server");
        other.provide_config(id, &config).expect("open");
        other.handshake().await
    };
    let done = tokio::join!(one.handshake(), choosing);
    assert_eq!(done, (Ok(()), Ok(())));
}

#[tokio::test]
async fn both_sides_can_be_asked_for_pre_shared_keys() {
    let (one, other) = duplex(1000);
    let backend = sslcore_std::default_backend;
    let config = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let mut one = SslStream::client(one, &config.build().expect("client"), server_name());
    let config = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let start = ServerStart::With(config.build().expect("server"));
    let mut other = SslStream::server(other, start);
    let key = PreSharedKey::new("device", [7; 32]).expect("a key");
    async fn answered<S>(stream: &mut SslStream<S>, key: &PreSharedKey) -> Result<(), WaitError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Err(WaitError::PreSharedKeyNeeded(id)) = stream.handshake().await else {
            panic!("{:?}", stream.status());
        };
        assert_eq!(stream.status(), Some(WaitError::PreSharedKeyNeeded(id)));
        let error = stream.read(&mut [0; 1]).await.expect_err("not before");
        assert_eq!(why(&error), Some(&WaitError::PreSharedKeyNeeded(id)));
        tokio::task::yield_now().await;
        stream
            .provide_psk(id, std::slice::from_ref(key))
            .expect("open");
        stream.handshake().await
    }
    let done = tokio::join!(answered(&mut one, &key), answered(&mut other, &key));
    assert_eq!(done, (Ok(()), Ok(())));
    assert_eq!(one.connection().psk_identity(), Some(&b"device"[..]));
}

#[tokio::test]
async fn both_sides_can_be_asked_for_signatures() {
    let (one, other) = duplex(1000);
    let config = client().ask_for_signatures(WORLD.client.chain.clone(), P256.iter().copied());
    let mut one = SslStream::client(one, &config.build().expect("client"), server_name());
    let config = asking_server().verify_mode(VerifyMode::Verify);
    let start = ServerStart::With(config.build().expect("server"));
    let mut other = SslStream::server(other, start);
    async fn signed<S>(stream: &mut SslStream<S>, own: &Identity) -> Result<(), WaitError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Err(WaitError::SignatureNeeded(id)) = stream.handshake().await else {
            panic!("{:?}", stream.status());
        };
        assert_eq!(stream.status(), Some(WaitError::SignatureNeeded(id)));
        let error = stream.read(&mut [0; 1]).await.expect_err("not before");
        assert_eq!(why(&error), Some(&WaitError::SignatureNeeded(id)));
        tokio::task::yield_now().await;
        let request = stream.signature_request().expect("open");
        let signature = sign(own, request.message);
        let given = stream.provide_signature(id, Signature::Der(&signature));
        assert_eq!(given, Ok(()));
        stream.handshake().await
    }
    let done = tokio::join!(
        signed(&mut one, &WORLD.client),
        signed(&mut other, &WORLD.server)
    );
    assert_eq!(done, (Ok(()), Ok(())));
    assert!(one.connection().is_local_certificate_sent());
}

#[tokio::test]
async fn a_signature_that_is_refused_ends_the_handshake_of_both() {
    let (one, other) = duplex(1000);
    let config = client().build().expect("client");
    let mut one = SslStream::client(one, &config, server_name());
    let start = ServerStart::With(asking_server().build().expect("server"));
    let mut other = SslStream::server(other, start);
    let refused = async {
        let Err(WaitError::SignatureNeeded(id)) = other.handshake().await else {
            panic!("{:?}", other.status());
        };
        let why = SignError::new("it does not answer");
        assert_eq!(other.refuse_signature(id, why), Ok(()));
        other.handshake().await
    };
    let (told, refused) = tokio::join!(one.handshake(), refused);
    let kind = |end| match end {
        Err(WaitError::Failed(failure)) => failure.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(refused), FailureKind::SigningFailed);
    let alert = FailureKind::AlertReceived(Alert::InternalError);
    assert_eq!(kind(told), alert);
}

#[tokio::test]
async fn there_is_no_handshake_to_wait_for_before_one_is_started() {
    let mut end = SslStream::new(duplex(10).0);
    assert_eq!(end.handshake().await, Err(WaitError::NotStarted));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_ends_the_handshake_when_its_time_is_up() {
    let (one, _silent) = duplex(1000);
    let config = client().build().expect("client");
    let mut one = SslStream::client(one, &config, server_name());
    let Err(WaitError::Failed(failure)) = one.handshake().await else {
        panic!("{:?}", one.status());
    };
    assert_eq!(failure.kind(), FailureKind::HandshakeTimeout);
}

#[test]
fn it_can_move_between_threads() {
    fn check<T: Send + Unpin + std::fmt::Debug>() {}
    check::<SslStream<tokio::net::TcpStream>>();
}
