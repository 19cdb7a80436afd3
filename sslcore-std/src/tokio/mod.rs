//! TLS over any stream of the runtime tokio.
//!
//! A client that starts in plaintext, and its server, both over one pipe:
//!
//! ```
//! use sslcore::{ClientConfig, PeerName, ServerConfig, ServerStart};
//! use sslcore_std::tokio::SslStream;
//! use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
//!
//! type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
//!
//! async fn client<S>(stream: S, config: &ClientConfig) -> Outcome<String>
//! where
//!     S: AsyncRead + AsyncWrite + Unpin,
//! {
//!     let mut stream = SslStream::new(stream);
//!     stream.write_all(b"STARTTLS\r\n").await?;
//!     let mut line = String::new();
//!     stream.read_line(&mut line).await?; // 220 go ahead
//!     stream.start_client_encryption(config, PeerName::new("server.test")?)?;
//!     stream.handshake().await?;
//!
//!     stream.write_all(b"hello").await?;
//!     stream.shutdown().await?; // close_notify, and the stream's own end
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer).await?; // up to the peer's close_notify
//!     Ok(answer)
//! }
//!
//! async fn server<S>(stream: S, config: ServerConfig) -> Outcome<()>
//! where
//!     S: AsyncRead + AsyncWrite + Unpin,
//! {
//!     let mut stream = SslStream::new(stream);
//!     let mut line = String::new();
//!     stream.read_line(&mut line).await?; // STARTTLS
//!     stream.write_all(b"220 go ahead\r\n").await?;
//!     stream.start_server_encryption(ServerStart::With(config))?;
//!
//!     // The first read or write handshakes, where nobody waits for `handshake`.
//!     let (mut reader, mut writer) = tokio::io::split(stream);
//!     tokio::io::copy(&mut reader, &mut writer).await?;
//!     writer.shutdown().await?;
//!     Ok(())
//! }
//!
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Outcome<()> {
//! #     use sslcore_tests::pair;
//! #     let backend = sslcore_std::default_backend();
//! #     let trusting = pair::client(backend.clone()).build()?;
//! #     let serving = pair::server(backend).build()?;
//! let (one, other) = tokio::io::duplex(1000);
//! let (answer, served) = tokio::join!(client(one, &trusting), server(other, serving));
//! served?;
//! assert_eq!(answer?, "hello");
//! #     Ok(())
//! # }
//! # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
//! # fn main() {}
//! ```

mod io;
mod stream;
mod transport;

pub use stream::SslStream;
