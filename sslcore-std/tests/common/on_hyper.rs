//! Streams of tokio as hyper wants them, and HTTP/1.1 over them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::rt::ReadBufCursor;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of tokio for hyper.
pub struct HyperIo<S>(pub S);

impl<S: AsyncRead + Unpin> hyper::rt::Read for HyperIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut out: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; 8192];
        let len = piece.len().min(out.remaining());
        let mut piece = ReadBuf::new(&mut piece[..len]);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut piece))?;
        out.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> hyper::rt::Write for HyperIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Answers every request with its path, a line's end, and its body.
pub async fn serve<S>(stream: S) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answer = |request: Request<Incoming>| async {
        let mut answer = format!("{}\n", request.uri().path()).into_bytes();
        answer.extend(request.into_body().collect().await?.to_bytes());
        Ok::<_, hyper::Error>(Response::new(Full::<Bytes>::from(answer)))
    };
    let serving = http1::Builder::new().serve_connection(HyperIo(stream), service_fn(answer));
    serving.await
}

/// A client, and its task.
pub async fn connect<S>(
    stream: S,
) -> (
    SendRequest<Full<Bytes>>,
    tokio::task::JoinHandle<hyper::Result<()>>,
)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let client = hyper::client::conn::http1::handshake(HyperIo(stream));
    let (requests, connection) = client.await.expect("a client");
    (requests, tokio::spawn(connection))
}

/// Sends a request, POST if it has a body; the answer's body.
pub async fn ask(client: &mut SendRequest<Full<Bytes>>, path: &str, body: &[u8]) -> Bytes {
    client.ready().await.expect("ready");
    let request = match body {
        [] => Request::get(path),
        _ => Request::post(path),
    };
    let request = request.header("host", "server.test");
    let request = request.body(Bytes::copy_from_slice(body).into());
    let answer = client.send_request(request.expect("a request")).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer
        .into_body()
        .collect()
        .await
        .expect("whole")
        .to_bytes()
}
