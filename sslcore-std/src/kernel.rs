//! TLS in Linux' kernel (kTLS): its socket options and control messages, as
//! `Documentation/networking/tls.rst` has them.

use std::fs;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::OnceLock;

use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SetSockOpt, TlsGetRecordType, recvmsg, sockopt,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_error;
use rustix::net::{SendFlags, send as send_data};
use socket2::{MsgHdr, SockRef};
use sslcore::SslProtocol;
use sslcore::crypto::AeadAlgorithm;
use sslcore::offload::{Direction, OffloadFailure, TrafficKeys};
use zeroize::Zeroize;

/// The content type of data (RFC 8446 §5.1).
const DATA: u8 = 23;

/// What was received.
pub(crate) enum Received {
    /// A record, or a piece of one: its content type, and how many bytes.
    Record(u8, usize),
    End,
}

/// Makes the socket one that can have keys. Until it has, it is as before.
pub(crate) fn prepare(socket: BorrowedFd<'_>) -> io::Result<()> {
    match sockopt::TcpUlp::default().set(&socket, b"tls") {
        Ok(()) | Err(nix::Error::EEXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a socket can have other keys later. Linux 6.14 can, and counts how often it does.
pub(crate) fn renews_keys() -> bool {
    static RENEWS: OnceLock<bool> = OnceLock::new();
    *RENEWS.get_or_init(|| {
        let counted = fs::read_to_string("/proc/net/tls_stat").unwrap_or_default();
        ["TlsTxRekeyOk", "TlsRxRekeyOk"]
            .iter()
            .all(|name| counted.contains(name))
    })
}

/// Gives the kernel the keys of one direction.
pub(crate) fn set_keys(
    socket: BorrowedFd<'_>,
    direction: Direction,
    keys: &TrafficKeys,
) -> io::Result<()> {
    /// The structure of one cipher, which differ in the lengths of their arrays.
    macro_rules! set {
        ($cipher:ident, $structure:ident, $number:ident, $salt:expr) => {{
            let (salt, iv) = keys.iv().split_at($salt);
            let mut info = libc::$structure {
                info: libc::tls_crypto_info {
                    version: match keys.protocol() {
                        SslProtocol::TlsV1_2 => libc::TLS_1_2_VERSION,
                        SslProtocol::TlsV1_3 => libc::TLS_1_3_VERSION,
                        _ => return Err(ErrorKind::Unsupported.into()),
                    },
                    cipher_type: libc::$number,
                },
                iv: iv.try_into().map_err(|_| ErrorKind::InvalidInput)?,
                key: keys.key().try_into().map_err(|_| ErrorKind::InvalidInput)?,
                salt: salt.try_into().map_err(|_| ErrorKind::InvalidInput)?,
                rec_seq: keys.sequence_number().to_be_bytes(),
            };
            let mut value = sockopt::TlsCryptoInfo::$cipher(info);
            let set = match direction {
                Direction::Sent => sockopt::TcpTlsTx.set(&socket, &value),
                Direction::Received => sockopt::TcpTlsRx.set(&socket, &value),
            };
            info.key.zeroize();
            if let sockopt::TlsCryptoInfo::$cipher(info) = &mut value {
                info.key.zeroize();
            }
            Ok(set?)
        }};
    }
    match keys.algorithm() {
        AeadAlgorithm::Aes128Gcm => set!(
            Aes128Gcm,
            tls12_crypto_info_aes_gcm_128,
            TLS_CIPHER_AES_GCM_128,
            4
        ),
        AeadAlgorithm::Aes256Gcm => set!(
            Aes256Gcm,
            tls12_crypto_info_aes_gcm_256,
            TLS_CIPHER_AES_GCM_256,
            4
        ),
        AeadAlgorithm::ChaCha20Poly1305 => set!(
            Chacha20Poly1305,
            tls12_crypto_info_chacha20_poly1305,
            TLS_CIPHER_CHACHA20_POLY1305,
            0
        ),
    }
}

/// Has the kernel seal and send a record.
pub(crate) fn send(socket: BorrowedFd<'_>, content_type: u8, content: &[u8]) -> io::Result<usize> {
    if content_type == DATA {
        return Ok(send_data(socket, content, SendFlags::NOSIGNAL)?);
    }
    let control = set_record_type(content_type);
    let content = [IoSlice::new(content)];
    let message = MsgHdr::new().with_buffers(&content).with_control(&control);
    SockRef::from(&socket).sendmsg(&message, libc::MSG_NOSIGNAL)
}

const WORD: usize = size_of::<usize>();
const CONTROL_HEADER: usize = WORD + 2 * size_of::<libc::c_int>();

/// The control message that says the content type: `struct cmsghdr` of cmsg(3), and one byte.
fn set_record_type(content_type: u8) -> [u8; CONTROL_HEADER + WORD] {
    let mut control = [0; CONTROL_HEADER + WORD];
    let (level, kind) = (libc::SOL_TLS, libc::TLS_SET_RECORD_TYPE);
    let len = CONTROL_HEADER + 1;
    let bytes = len.to_ne_bytes().into_iter();
    let bytes = bytes.chain(level.to_ne_bytes()).chain(kind.to_ne_bytes());
    for (to, from) in control.iter_mut().zip(bytes.chain([content_type])) {
        *to = from;
    }
    control
}

/// Room for the control message that says what was received; to be used again and again.
pub(crate) fn control_space() -> Vec<u8> {
    nix::cmsg_space!(u8)
}

/// Receives what the kernel has opened.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    into: &mut [u8],
    control: &mut [u8],
) -> io::Result<Received> {
    let mut into = [IoSliceMut::new(into)];
    let fd = socket.as_raw_fd();
    let message = recvmsg::<()>(fd, &mut into, Some(control), MsgFlags::empty())?;
    let content_type = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::TlsGetRecordType(kind) => Some(number(kind)),
        _ => None,
    });
    match (content_type, message.bytes) {
        (None, 0) => Ok(Received::End),
        (Some(content_type), n) => Ok(Received::Record(content_type, n)),
        (None, _) => Err(io::Error::other(
            "the kernel does not say of what content type a record is",
        )),
    }
}

fn number(kind: TlsGetRecordType) -> u8 {
    match kind {
        TlsGetRecordType::ChangeCipherSpec => 20,
        TlsGetRecordType::Alert => 21,
        TlsGetRecordType::Handshake => 22,
        TlsGetRecordType::ApplicationData => DATA,
        TlsGetRecordType::Unknown(number) => number,
        _ => 0,
    }
}

/// What an error of [`receive`] says of the peer's records, if it does.
pub(crate) fn record_failure(error: &io::Error) -> Option<OffloadFailure> {
    match error.raw_os_error()? {
        libc::EBADMSG => Some(OffloadFailure::BadRecordMac),
        libc::EMSGSIZE => Some(OffloadFailure::RecordTooLarge),
        libc::EINVAL => Some(OffloadFailure::MalformedRecord),
        _ => None,
    }
}

/// Forgets the error that the peer's record has left on the socket, which the next record of ours would meet.
pub(crate) fn forget_error(socket: BorrowedFd<'_>) {
    // Where it cannot be asked for, sending says it.
    let _ = socket_error(socket);
}

/// Whether the kernel has room again: while it has none, it may hold records that TCP does not have yet,
/// and FIN would go in front of them.
pub(crate) fn has_room(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let mut ready = [PollFd::from_borrowed_fd(socket, PollFlags::OUT)];
    Ok(poll(&mut ready, Some(&Timespec::default()))? > 0)
}
