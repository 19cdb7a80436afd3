//! Records as they lie in a stream: taken apart, cut smaller, joined.

use crate::sealing;
pub use crate::sealing::record;

/// The whole records of a stream, with their headers.
pub fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    let records = sealing::records(bytes).into_iter();
    records.map(<[u8]>::to_vec).collect()
}

/// The stream with the content of each handshake record cut into records of these sizes, in turn.
pub fn refragment(bytes: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut sizes = sizes.iter().copied().cycle();
    let mut out = Vec::new();
    for whole in records(bytes) {
        let mut content = &whole[5..];
        if whole[0] != 22 {
            out.extend(whole);
            continue;
        }
        while !content.is_empty() {
            let size = sizes.next().expect("sizes").clamp(1, content.len());
            out.extend(record(22, &content[..size]));
            content = &content[size..];
        }
    }
    out
}

/// The content of all handshake records of a stream.
pub fn handshake_content(bytes: &[u8]) -> Vec<u8> {
    let handshake = records(bytes).into_iter().filter(|record| record[0] == 22);
    handshake.flat_map(|record| record[5..].to_vec()).collect()
}
