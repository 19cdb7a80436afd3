//! Long sessions made short: of data that passes for long, the middle is one row.

use sslcore_std::trace::Direction;

use super::session::{Folded, Moment, What};

/// Rows of one stretch of data that are shown at its beginning, and at its end.
const SHOWN: usize = 4;

/// How many rows a picture has at most: browsers show none that are much higher.
const MOST: usize = 100_000;

/// Folds the middle of each stretch of data: records that nobody can look into, and the calls that
/// write and read.
///
/// # Errors
/// A sentence: that this leaves too much.
pub(super) fn folded(moments: Vec<Moment>) -> Result<Vec<Moment>, String> {
    let mut short = Vec::new();
    let mut stretch = Vec::new();
    for moment in moments {
        if is_data(&moment.what) {
            stretch.push(moment);
        } else {
            fold(&mut stretch, &mut short);
            short.push(moment);
        }
    }
    fold(&mut stretch, &mut short);
    if short.len() > MOST {
        let why = "more has happened than a picture can show: it has 100,000 rows at most";
        return Err(why.to_owned());
    }
    Ok(short)
}

fn is_data(what: &What) -> bool {
    match what {
        What::Records { kind, .. } => matches!(&kind[..], "encrypted" | "plaintext" | "bytes"),
        What::Call(call) => call.starts_with("write ") || call.starts_with("read "),
        _ => false,
    }
}

/// Moves a stretch behind the others, and leaves its place empty.
fn fold(stretch: &mut Vec<Moment>, short: &mut Vec<Moment>) {
    // One row is no shorter than two.
    if stretch.len() > 2 * SHOWN + 1 {
        let middle = SHOWN..stretch.len() - SHOWN;
        let mut folded = Folded::default();
        let at = stretch[middle.start].at;
        for moment in &stretch[middle.clone()] {
            folded.until = moment.at;
            if let What::Records {
                direction,
                count,
                bytes,
                ..
            } = &moment.what
            {
                let (pieces, all) = match direction {
                    Direction::Sent => &mut folded.sent,
                    Direction::Received => &mut folded.received,
                };
                *pieces = pieces.saturating_add(*count);
                *all = all.saturating_add(*bytes);
            }
        }
        let what = What::Folded(folded);
        stretch.splice(middle, [Moment { at, what }]);
    }
    short.append(stretch);
}
