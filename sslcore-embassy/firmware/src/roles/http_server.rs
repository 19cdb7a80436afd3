//! A server of HTTP/1.1 by picoserve.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;

use embassy_futures::join::join_array;
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embedded_io_async::{ErrorType, Read, Write};
use picoserve::io::{Socket, Write as Lending};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::routing::{get, post};
use picoserve::{Config, EmbassyRuntime, Router, Server, Timeouts, Timer};
use sslcore_embassy::sslcore::ServerStart;
use sslcore_embassy::{Error, ReadHalf, SharedSslSocket, WriteHalf};

use super::{CONNECTIONS, Outcome, RECEIVE, fill_pool, handshake, listening, serving, text};
use crate::order::Order;
use crate::semihosting::say;

/// Bytes that picoserve formats at a time.
const PIECE: usize = 256;

/// A socket for picoserve.
struct Https(SharedSslSocket<TcpSocket<'static>>);

/// Its sending half, with a buffer that picoserve can format into.
struct Writer<'a>(WriteHalf<'a, TcpSocket<'static>>);

impl ErrorType for Writer<'_> {
    type Error = Error;
}

impl Write for Writer<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.0.flush().await
    }
}

impl Lending for Writer<'_> {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        fill: F,
    ) -> Result<R, Error> {
        let mut piece = [0; PIECE];
        let mut piece = BorrowedBuffer::new(&mut piece);
        let filled = fill(piece.unfilled());
        self.0.write_all(piece.filled()).await?;
        Ok(filled)
    }
}

impl Socket<EmbassyRuntime> for Https {
    type Error = Error;
    type ReadHalf<'a> = ReadHalf<'a, TcpSocket<'static>>;
    type WriteHalf<'a> = Writer<'a>;

    fn split(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>) {
        let (reader, writer) = self.0.split();
        (reader, Writer(writer))
    }

    async fn abort<T: Timer<EmbassyRuntime>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), picoserve::Error<Error>> {
        self.0.into_whole().abort();
        Ok(())
    }

    /// Closes, and waits for the peer's close.
    async fn shutdown<T: Timer<EmbassyRuntime>>(
        self,
        timeouts: &Timeouts,
        timer: &T,
    ) -> Result<(), picoserve::Error<Error>> {
        let mut socket = self.0.into_whole();
        socket.discard_reads();
        let closed = timer.run_with_timeout(timeouts.write, socket.close()).await;
        let closed = closed.map_err(picoserve::Error::WriteTimeout)?;
        closed.map_err(picoserve::Error::Write)?;
        let mut nothing = [0];
        let end = timer.run_with_timeout(timeouts.read_request, socket.read(&mut nothing));
        let end = end.await.map_err(picoserve::Error::ReadTimeout)?;
        // A browser that has its answer may leave without a word.
        let _ = end;
        Ok(())
    }
}

/// Serves so many clients as `clients=` says, with all sockets at once.
pub(crate) async fn http_server(stack: Stack<'static>, order: &Order) -> Outcome {
    let config = serving(order)?.build().map_err(text)?;
    fill_pool(CONNECTIONS, RECEIVE)?;
    let router = Router::new()
        .route("/", get(|| async { "served by a device\n" }))
        .route("/back", post(|body: String| async move { body }));
    let clients: usize = order.number("clients", 1);
    say!("listening");
    let tasks = [0, 1, 2].map(|first| {
        let (router, config) = (&router, &config);
        Box::pin(async move {
            let mut buffer = vec![0; 2048];
            for _ in (first..clients).step_by(CONNECTIONS) {
                let mut socket = listening(stack).await?;
                let start = ServerStart::With(config.clone());
                socket.start_server_encryption(start).map_err(text)?;
                handshake(&mut socket).await?;
                let alive = Config::const_default().keep_connection_alive();
                let server = Server::new(router, &alive, &mut buffer);
                let served = server.serve(Https(socket.into_shared())).await;
                let served = served.map_err(|error| alloc::format!("{error:?}"))?;
                say!("answered {} requests", served.handled_requests_count);
            }
            Outcome::Ok(())
        })
    });
    for served in join_array(tasks).await {
        served?;
    }
    Ok(())
}
