//! Words on a picture: what a file says, made harmless, and not wider than its place.

use alloc::string::String;

/// The width of a place for words of this size, in which so many of the picture's units are free.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Units, of which a letter of the widest fonts takes as many as [`width`] says.
    pub(super) free: usize,
}

/// Said by a file: it means nothing in XML, and does not run out of its place. What is not ASCII, or is
/// not seen, is shown as one sign: nothing that is recorded has it.
pub(super) fn fitted(said: &str, place: Place) -> String {
    let (mut out, mut used) = (String::new(), 0);
    let whole = said.chars().map(width).sum::<usize>() <= place.free;
    for c in said.chars() {
        used += width(c);
        // An ellipsis needs room, too.
        if !whole && used + width('…') > place.free {
            out.push('…');
            break;
        }
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            ' '..='~' | '×' | '·' => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
    out
}

/// What a letter of 13 pixels takes in DejaVu Sans, the widest of the usual fonts, and a little more.
fn width(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | 'I' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' => 5,
        'f' | 'r' | 't' | '(' | ')' | '-' => 7,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 13,
        '…' | '\u{80}'.. => 14,
        'A'..='Z' | '#' | '&' | '+' | '<' | '=' | '>' | '^' | '~' => 11,
        _ => 9,
    }
}
