//! What the page shows of the world.

use std::fmt::Write;

use sslcore::transcript::Drawing;

use crate::world::{End, Piece, World};

/// A sentence, a zero byte, and HTML: what is under way, what each application was told, and the
/// client's session as a picture.
pub fn shown(world: &World) -> String {
    let mut html = String::new();
    html += "<section><h2>Under way</h2><ul class=\"wire\">";
    let mut empty = true;
    for (from, arrow) in [
        (End::Client, "client → server"),
        (End::Server, "server → client"),
    ] {
        for piece in world.under_way(from) {
            empty = false;
            let _ = write!(html, "<li>{arrow}: {}</li>", escaped(&line(piece)));
        }
    }
    if empty {
        html += "<li class=\"none\">nothing</li>";
    }
    html += "</ul></section><div class=\"ends\">";
    for end in End::ALL {
        let _ = write!(html, "<section><h2>{} is told</h2><ol>", end.name());
        for (at, event) in world.events(end) {
            let event = escaped(&format!("{event:?}"));
            let _ = write!(html, "<li><span>{at} ms</span> <code>{event}</code></li>");
        }
        html += "</ol></section>";
    }
    html += "</div><section><h2>The session, as the client sees it</h2>";
    match Drawing::read(&world.recording(End::Client)) {
        Ok(drawing) => html += &drawing.svg(),
        Err(error) => html += &escaped(&error.to_string()),
    }
    html += "</section>";
    let waits = if world.waits() {
        " Its verdict waits for you."
    } else {
        ""
    };
    format!("{}{waits}\0{html}", world.said())
}

/// A piece in a line: what it is, how long, and its first bytes.
fn line(piece: &Piece) -> String {
    const FIRST: usize = 16;
    let mut line = format!("{}, {} bytes: ", piece.kind, piece.bytes.len());
    let first = &piece.bytes[..piece.bytes.len().min(FIRST)];
    match piece.kind.starts_with("plaintext") {
        true => line += &piece.bytes.escape_ascii().to_string(),
        false => {
            for byte in first {
                let _ = write!(line, "{byte:02x} ");
            }
            if first.len() < piece.bytes.len() {
                line.push('…');
            }
        }
    }
    line
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
