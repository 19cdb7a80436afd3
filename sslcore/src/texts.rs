//! Sentences for people: a build without the feature `texts` has none, nor the code that makes them.

use alloc::string::{String, ToString};
use core::fmt::Display;

/// What it says; nothing in a build without sentences.
pub(crate) fn sentence(of: impl Display) -> String {
    if cfg!(feature = "texts") {
        of.to_string()
    } else {
        String::new()
    }
}
