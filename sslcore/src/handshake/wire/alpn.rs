//! The application protocol that a server has chosen (RFC 7301 §3.1).

use super::{Reader, Refusal};

/// Reads the extension's content: exactly one name.
///
/// # Errors
/// decode_error.
pub(crate) fn chosen(content: &[u8]) -> Result<&[u8], Refusal> {
    const DAMAGED: &str = "the application protocol is damaged";
    let mut reader = Reader::new(content, DAMAGED);
    let names = reader.vector16()?;
    reader.end()?;
    let mut names = Reader::new(names, DAMAGED);
    let name = names.vector8()?;
    let name = names.filled(name)?;
    names.end()?;
    Ok(name)
}
