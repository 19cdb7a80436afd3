//! Lines that may be secrets.

use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

/// The first line, without its LF or CR LF, or everything where there is none. Takes not one byte
/// of the next line, and leaves no copy of this one.
///
/// # Errors
/// `InvalidData` when it has more than `limit` bytes.
pub(crate) fn first(mut from: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(limit));
    let mut byte = Zeroizing::new([0]);
    loop {
        match from.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if *byte == *b"\n" => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                break;
            }
            Ok(_) if line.len() == limit => {
                let why = format!("its first line has more than {limit} bytes");
                return Err(io::Error::new(ErrorKind::InvalidData, why));
            }
            Ok(_) => line.extend_from_slice(&*byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}
