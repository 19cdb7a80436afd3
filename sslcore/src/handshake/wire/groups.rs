//! supported_groups and key_share (RFC 8446 §4.2.7, §4.2.8).

#[cfg(all(feature = "engine", feature = "server"))]
use alloc::vec::Vec;

#[cfg(all(feature = "engine", feature = "server"))]
use super::u16s;
use super::{Reader, Refusal};

/// Reads the content of supported_groups: numbers, for [`u16s`](super::u16s).
///
/// # Errors
/// decode_error.
pub(crate) fn supported(content: &[u8]) -> Result<&[u8], Refusal> {
    let mut reader = Reader::new(content, "the supported groups are damaged");
    let groups = reader.vector16()?;
    let groups = reader.pairs(groups)?;
    reader.end()?;
    Ok(groups)
}

/// A key share with its group.
#[cfg(feature = "engine")]
pub(crate) type Share<'a> = (u16, &'a [u8]);

/// Reads the content of a client's key_share: shares of the `groups` that it says it has.
///
/// # Errors
/// decode_error, and illegal_parameter for two of a group and one of no group (RFC 8446 §4.2.8).
#[cfg(all(feature = "engine", feature = "server"))]
pub(crate) fn client_shares<'a>(
    content: &'a [u8],
    groups: &[u8],
) -> Result<Vec<Share<'a>>, Refusal> {
    const WHY: &str = "the key shares are damaged";
    let mut reader = Reader::new(content, WHY);
    let list = reader.vector16()?;
    reader.end()?;
    let mut reader = Reader::new(list, WHY);
    let mut shares: Vec<Share<'_>> = Vec::new();
    while !reader.is_empty() {
        let group = reader.u16()?;
        let share = reader.vector16()?;
        let share = reader.filled(share)?;
        if !u16s(groups).any(|known| known == group) {
            return Err(Refusal::illegal(
                "a key share of no group that is supported",
            ));
        }
        shares.push((group, share));
    }
    let mut numbers: Vec<u16> = shares.iter().map(|(group, _)| *group).collect();
    numbers.sort_unstable();
    match numbers.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Refusal::illegal("two key shares of one group")),
        false => Ok(shares),
    }
}

/// Reads the content of a server's key_share.
///
/// # Errors
/// decode_error.
#[cfg(all(feature = "engine", feature = "client"))]
pub(crate) fn server_share(content: &[u8]) -> Result<Share<'_>, Refusal> {
    let mut reader = Reader::new(content, "the key share is damaged");
    let group = reader.u16()?;
    let share = reader.vector16()?;
    let share = reader.filled(share)?;
    reader.end()?;
    Ok((group, share))
}
