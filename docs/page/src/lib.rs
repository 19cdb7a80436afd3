//! A page on which two ends of sslcore handshake step by step, and its reader disturbs them.
//!
//! `cargo run -p sslcore-page` builds it: one file, which opens anywhere and fetches nothing. This
//! library is what runs in it, as WebAssembly. Numbers alone pass between it and the page's script, so
//! that it needs no `unsafe` code and no glue that somebody else has made.

mod shown;
mod world;

use std::cell::RefCell;

pub use self::shown::shown;
pub use self::world::{Deed, End, Piece, World};

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(1));
    static SHOWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Does what the key with this Unicode code point stands for, if it is for anything, and returns how
/// many bytes there are to [`byte`] now.
// The name is no other function's: nothing else here has one that is not mangled.
#[expect(unsafe_code, reason = "a name that the page can call")]
#[unsafe(no_mangle)]
pub extern "C" fn press(key: u32) -> u32 {
    let deed = char::from_u32(key).and_then(Deed::of);
    let text = WORLD.with_borrow_mut(|world| {
        if let Some(deed) = deed {
            world.act(deed);
        }
        shown(world)
    });
    SHOWN.replace(text.into_bytes());
    SHOWN.with_borrow(|bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX))
}

/// The byte at this place of what is shown: a sentence, a zero byte, and HTML, in UTF-8. 0 beyond it.
// As above.
#[expect(unsafe_code, reason = "a name that the page can call")]
#[unsafe(no_mangle)]
pub extern "C" fn byte(at: u32) -> u32 {
    SHOWN.with_borrow(|bytes| {
        let byte = usize::try_from(at).ok().and_then(|at| bytes.get(at));
        byte.copied().map_or(0, u32::from)
    })
}
