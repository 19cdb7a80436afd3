//! What is written and read once the connection is encrypted.

use sslcore::Connection;

use crate::flags::Traffic;
use crate::outcome::Trouble;

/// The longest of the [`SIZES`].
const LONGEST: usize = 32_769;

/// Writes around the sizes of records.
const SIZES: [usize; 11] = [
    0, 1, 255, 256, 257, 16_383, 16_384, 16_385, 32_767, 32_768, LONGEST,
];

/// The echo of one connection.
pub(crate) struct Exchange<'a> {
    traffic: &'a Traffic,
    /// What is to be written, as soon as there is room.
    waiting: Vec<u8>,
    /// How many bytes may leave before something was read: one of our first write.
    allowance: Option<usize>,
    /// Whether our direction ends once all is written.
    closes: bool,
}

impl<'a> Exchange<'a> {
    /// Writes what comes before all else: keying material, secrets, a greeting.
    pub(crate) fn begin(
        traffic: &'a Traffic,
        secrets: Vec<u8>,
        conn: &mut Connection,
    ) -> Result<Self, Trouble> {
        let mut this = Self {
            traffic,
            waiting: Vec::new(),
            allowance: traffic
                .unfinished_write
                .then_some(conn.encrypted_bytes_to_write() + 1),
            closes: traffic.shuts_down || traffic.different_sizes,
        };
        if let Some(length) = traffic.export {
            this.waiting = exported(traffic, usize::from(length), conn)?;
        }
        this.waiting.extend(secrets);
        if traffic.different_sizes {
            for size in SIZES {
                this.waiting.extend_from_slice(&[0x42; LONGEST][..size]);
            }
        } else if traffic.unfinished_write {
            this.waiting.extend_from_slice(&traffic.first);
        } else if traffic.writes_first {
            for _ in 0..traffic.repeat_first {
                this.waiting.extend_from_slice(&traffic.first);
            }
        }
        if traffic.key_update_before_read {
            conn.update_keys()?;
        }
        Ok(this)
    }

    /// How many bytes the transport may take now, if not all.
    pub(crate) fn allowance(&self) -> Option<usize> {
        self.allowance
    }

    /// Reads what is there, writes what there is room for, and ends what is at its end.
    pub(crate) fn go_on(&mut self, conn: &mut Connection) -> Result<(), Trouble> {
        if conn.is_over() {
            return Ok(());
        }
        while self.waiting.is_empty() && !conn.peek().is_empty() && !self.closes {
            self.echo(conn)?;
            self.write(conn);
        }
        self.write(conn);
        if self.closes {
            if self.waiting.is_empty() {
                conn.close();
            }
            conn.discard_reads();
        }
        Ok(())
    }

    fn echo(&mut self, conn: &mut Connection) -> Result<(), Trouble> {
        let peeked = conn.peek().to_vec();
        let mut piece = vec![0; self.traffic.read_size.clamp(1, peeked.len())];
        let Ok(n) = conn.read(&mut piece) else {
            return Ok(());
        };
        piece.truncate(n);
        if self.traffic.peeks && !peeked.starts_with(&piece) {
            return Err(Trouble::failed("other data was read than was peeked at"));
        }
        self.allowance = None;
        if self.traffic.key_update {
            conn.update_keys()?;
        }
        self.waiting.extend(piece.iter().map(|byte| byte ^ 0xff));
        if self.traffic.key_update_before_read {
            conn.update_keys()?;
        }
        Ok(())
    }

    fn write(&mut self, conn: &mut Connection) {
        while !self.waiting.is_empty() {
            match conn.write(&self.waiting) {
                Ok(0) | Err(_) => break,
                Ok(n) => drop(self.waiting.drain(..n)),
            }
        }
    }
}

/// Keying material, as the flags want it.
fn exported(traffic: &Traffic, length: usize, conn: &Connection) -> Result<Vec<u8>, Trouble> {
    let mut material = vec![0; length];
    let context = traffic
        .use_export_context
        .then_some(&*traffic.export_context);
    conn.export_keying_material(&mut material, &traffic.export_label, context)
        .map_err(Trouble::failed)?;
    Ok(material)
}
