//! Read-modify-write for cores that cannot: ARMv6-M has loads and stores alone. With a target that is said
//! to have more, the compiler calls these functions (the names are GCC's). One core, whose interrupts are
//! off meanwhile.

use critical_section::with;

macro_rules! read_modify_write {
    ($($name:ident: $width:ty, |$was:ident, $operand:ident| $becomes:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(at: *mut $width, $operand: $width) -> $width {
            with(|_| {
                // SAFETY: the compiler calls this for an atomic variable of this width.
                let $was = unsafe { at.read_volatile() };
                // SAFETY: as above.
                unsafe { at.write_volatile($becomes) };
                $was
            })
        }
    )*};
}

macro_rules! compare_and_swap {
    ($($name:ident: $width:ty;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(at: *mut $width, expected: $width, becomes: $width) -> $width {
            with(|_| {
                // SAFETY: the compiler calls this for an atomic variable of this width.
                let was = unsafe { at.read_volatile() };
                if was == expected {
                    // SAFETY: as above.
                    unsafe { at.write_volatile(becomes) };
                }
                was
            })
        }
    )*};
}

compare_and_swap! {
    __sync_val_compare_and_swap_1: u8;
    __sync_val_compare_and_swap_2: u16;
    __sync_val_compare_and_swap_4: u32;
}

read_modify_write! {
    __sync_lock_test_and_set_1: u8, |was, new| new;
    __sync_lock_test_and_set_4: u32, |was, new| new;
    __sync_fetch_and_add_4: u32, |was, operand| was.wrapping_add(operand);
    __sync_fetch_and_sub_4: u32, |was, operand| was.wrapping_sub(operand);
    __sync_fetch_and_and_4: u32, |was, operand| was & operand;
    __sync_fetch_and_or_4: u32, |was, operand| was | operand;
}
