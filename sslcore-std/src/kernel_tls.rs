//! The socket whose records the kernel seals and opens.

use std::fs::File;
use std::io;

use crate::drive::Driver;
use crate::kernel_tls_error::KernelTlsError;
use crate::link::Link;
use crate::socket::SslSocket;

impl SslSocket {
    /// Has Linux' kernel seal and open the records from now on (kTLS), where it can; where it cannot, says
    /// why, and the socket goes on in the process as before. So an application may ignore the error, and
    /// ask [`Connection::is_offloaded`](sslcore::Connection::is_offloaded) which it is.
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{self, Write};
    ///
    /// use sslcore_std::SslSocket;
    /// use sslcore_std::sslcore::offload::Direction;
    ///
    /// /// Answers with a file, without copying it where the kernel seals.
    /// fn answer(socket: &mut SslSocket, file: &File) -> io::Result<()> {
    ///     if let Err(error) = socket.offload_to_kernel() {
    ///         eprintln!("{error}"); // and on without it
    ///     }
    ///     let sent = socket.connection().is_offloaded(Direction::Sent);
    ///     eprintln!("the kernel seals: {sent}");
    ///     let len = file.metadata()?.len();
    ///     write!(socket, "{len}\r\n")?;
    ///     let mut offset = 0;
    ///     while offset < len {
    ///         let left = len - offset;
    ///         if socket.send_file(file, &mut offset, left)? == 0 {
    ///             return Err(io::ErrorKind::UnexpectedEof.into()); // it has become shorter
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// All methods work as before: reading, writing, closing, halves of a [`split`](Self::split), events,
    /// timeouts, session tickets, alerts in either direction, and truncation, which is an error as ever. The
    /// keys go to the kernel, and are wiped in the process, where the secrets stay that they were made of; there
    /// is no way back. A [tap](Self::set_tap) sees events and no more bytes.
    ///
    /// Legal once the connection is encrypted. Blocks until the bytes that were written have left and the
    /// record that has begun to arrive is complete, for no longer than
    /// [`set_timeout`](Self::set_timeout) says. Costs four system calls where there is nothing to wait for, three
    /// of them for the keys; the first time in a process also the reading of `/proc/net/tls_stat`, which tells
    /// whether the kernel can renew keys. A second call does nothing, or tries the direction that the kernel did
    /// not take.
    ///
    /// The kernel module `tls` must be loaded, or a process with CAP_NET_ADMIN loads it by this. TLS 1.2 and
    /// 1.3 with AES-GCM need Linux 5.1, with ChaCha20-Poly1305 5.11.
    ///
    /// - **KeyUpdate** needs Linux 6.14. Before it, [`update_keys`](Self::update_keys) is
    ///   [`UsageError::Offload`](sslcore::UsageError::Offload), and a KeyUpdate of the peer's ends the
    ///   connection as [`KeysNotRenewed`](sslcore::FailureKind::KeysNotRenewed). A TLS 1.3 connection that
    ///   has used its key up then ends as [`KeysExhausted`](sslcore::FailureKind::KeysExhausted), as in TLS 1.2:
    ///   with AES-GCM after 256 GiB in full records.
    /// - **Small records** that were agreed upon (RFC 8449) are sent; it is not checked that the peer keeps to
    ///   them.
    /// - A stream that ends **in the middle of a record** after our own close_notify is
    ///   [`CloseUnanswered`](sslcore::Event::CloseUnanswered): the kernel does not tell it from an end
    ///   between two.
    ///
    /// # Errors
    /// [`KernelTlsError::Refused`] when the kernel does not take the keys,
    /// [`KernelTlsError::NotNow`] before the handshake is complete and after a direction was closed,
    /// [`KernelTlsError::Wait`] when the wait has ended before the connection was ready.
    pub fn offload_to_kernel(&mut self) -> Result<(), KernelTlsError> {
        self.wait(self.timeout, |driver| match driver.offload() {
            Err(KernelTlsError::NotNow(sslcore::UsageError::Offload(_))) => None,
            outcome => Some(Ok(outcome)),
        })?
    }

    /// Sends `len` bytes of a file from `offset` on, encrypted, behind all that was written; `offset` is
    /// advanced by as many, also when there is an error. Returns how many bytes those were: fewer when the
    /// file has no more. Blocks while the peer takes nothing, for no longer than
    /// [`set_timeout`](Self::set_timeout) says since it last took something.
    ///
    /// Where the kernel [seals](Self::offload_to_kernel), it reads the file itself (sendfile(2)), and nothing
    /// is copied into the process. Otherwise the file is read and written a record at a time. Either way it
    /// must not change meanwhile: what is sent is what it then has. The example of
    /// [`offload_to_kernel`](Self::offload_to_kernel) sends one.
    ///
    /// # Errors
    /// Those of reading the file, after which the connection goes on. Where the kernel reads it, these are
    /// `InvalidInput` and `Unsupported`, for a file that cannot be sent in this way; after any other error of
    /// sendfile(2), one of the disk, too, the connection has ended. Otherwise as for [`Write`](std::io::Write).
    pub fn send_file(&mut self, file: &File, offset: &mut u64, len: u64) -> io::Result<u64> {
        let mut left = len;
        while left > 0 {
            let mut send = |driver: &mut Driver<Link>| driver.send_file(file, offset, left);
            let sent = match send(&mut self.driver) {
                Some(sent) => sent,
                None => self.wait(self.timeout, |driver| send(driver).map(Ok))?,
            };
            match sent? {
                0 => break,
                n => left -= n as u64,
            }
        }
        Ok(len - left)
    }
}
