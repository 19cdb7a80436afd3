//! Records as they lie in a stream: taken apart, cut smaller, joined.

/// The whole records of a stream, with their headers.
pub fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let [_, _, _, high, low, ..] = *bytes {
        let (record, later) = bytes.split_at(5 + usize::from(u16::from_be_bytes([high, low])));
        records.push(record.to_vec());
        bytes = later;
    }
    assert!(bytes.is_empty(), "a record is cut off");
    records
}

/// A record with this content.
pub fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .expect("short enough")
        .to_be_bytes();
    [&[kind, 3, 3, high, low], content].concat()
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
