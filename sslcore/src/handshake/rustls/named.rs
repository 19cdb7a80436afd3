//! `Debug` for what rustls is given: it wants that of everything, and the name says enough. A derived one
//! would link those of all that is inside.

macro_rules! named {
    ($($name:ident),*) => {
        $(impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($name))
            }
        })*
    };
}
pub(super) use named;
