//! supported_groups and key_share (RFC 8446 §4.2.7, §4.2.8).

#[cfg(all(feature = "engine", feature = "server"))]
use alloc::vec::Vec;

use super::{Reader, Refusal};
#[cfg(all(feature = "engine", feature = "server"))]
use super::{have_twins, sorted, u16s};

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
    // Sorted, since a client chooses how many there are of both.
    let known = sorted(u16s(groups).collect());
    let mut reader = Reader::new(list, WHY);
    let mut shares: Vec<Share<'_>> = Vec::new();
    while !reader.is_empty() {
        let group = reader.u16()?;
        let share = reader.vector16()?;
        let share = reader.filled(share)?;
        if known.binary_search(&group).is_err() {
            return Err(Refusal::illegal(
                "a key share of no group that is supported",
            ));
        }
        shares.push((group, share));
    }
    match have_twins(shares.iter().map(|(group, _)| *group).collect()) {
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

#[cfg(all(test, feature = "engine", feature = "server"))]
mod tests {
    use super::*;

    /// The content of key_share with shares of these groups.
    fn shares(of: impl Iterator<Item = u16>) -> Vec<u8> {
        let share = |group: u16| {
            let [high, low] = group.to_be_bytes();
            [high, low, 0, 1, 9]
        };
        let list: Vec<u8> = of.flat_map(share).collect();
        [&(list.len() as u16).to_be_bytes(), &list[..]].concat()
    }

    #[test]
    fn each_of_many_shares_is_looked_for_among_as_many_groups_as_a_hello_has_room_for() {
        let groups: Vec<u8> = (0..14_000_u16).rev().flat_map(u16::to_be_bytes).collect();
        let content = shares((8_000..14_000).rev());
        let read = client_shares(&content, &groups).expect("all are there");
        assert!(
            read.iter()
                .map(|(group, _)| *group)
                .eq((8_000..14_000).rev())
        );
        for wrong in [14_000, 8_000] {
            let content = shares((8_000..14_000).chain([wrong]));
            let refusal = client_shares(&content, &groups).expect_err("none, or a second one");
            assert_eq!(refusal.alert, crate::alert::Alert::IllegalParameter);
        }
    }
}
