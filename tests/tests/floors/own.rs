//! That the test finds what it is for, in small crates made up here.

use crate::house::House;
use crate::table;

/// The faults of a crate whose floors are these lines.
fn faults(floors: &str, files: &[(&str, &str)]) -> Vec<String> {
    let table = format!("[house]\n{floors}");
    let sections = table::read(&table);
    House::new(files.iter().copied()).faults(&sections["house"])
}

/// The only fault.
fn fault(floors: &str, files: &[(&str, &str)]) -> String {
    let mut faults = faults(floors, files);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn a_house_whose_imports_run_downward_has_no_fault() {
    let files = [
        ("lib.rs", "mod alert; mod record; pub use record::Record;"),
        ("alert.rs", "use std::fmt; pub struct Alert;"),
        (
            "record/mod.rs",
            "mod header; use self::header::Header; use crate::alert::Alert;",
        ),
        ("record/header.rs", "use crate::alert::Alert;"),
    ];
    assert_eq!(faults("alert\nrecord # both of it", &files), [""; 0]);
}

#[test]
fn an_import_from_above_is_found() {
    let files = [
        ("alert.rs", "\nuse crate::record::Record;"),
        ("record.rs", ""),
    ];
    assert_eq!(
        fault("alert\nrecord", &files),
        "upward, floor 2 from floor 1: alert.rs:2 imports record.rs (crate::record::Record)"
    );
}

#[test]
fn files_of_one_floor_may_import_each_other_one_way() {
    let files = [("a.rs", "use crate::b::B;"), ("b.rs", "")];
    assert_eq!(faults("a b", &files), [""; 0]);
}

#[test]
fn two_files_of_one_floor_that_import_each_other_are_a_circle() {
    let files = [
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "\n\nuse super::a::A;"),
    ];
    assert_eq!(
        fault("a b", &files),
        "circle among 2 files (a.rs, b.rs): \
         a.rs:1 imports b.rs (crate::b::B); b.rs:3 imports a.rs (super::a::A)"
    );
}

#[test]
fn a_circle_of_three_is_found() {
    let files = [
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use crate::c::C;"),
        ("c.rs", "use crate::a::A;"),
        ("d.rs", "use crate::a::A;"),
    ];
    assert_eq!(
        fault("a b c d", &files),
        "circle among 3 files (a.rs, b.rs, c.rs): \
         a.rs:1 imports b.rs (crate::b::B); b.rs:1 imports c.rs (crate::c::C); \
         c.rs:1 imports a.rs (crate::a::A)"
    );
}

#[test]
fn of_files_that_are_knotted_the_shortest_circle_is_shown() {
    let files = [
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use crate::c::C;"),
        ("c.rs", "use crate::a::A; use crate::b::B;"),
    ];
    let fault = fault("a b c", &files);
    assert!(fault.starts_with("circle among 3 files"), "{fault}");
    assert!(!fault.contains("a.rs:1"), "{fault}");
}

#[test]
fn a_parent_and_a_child_that_takes_something_from_it_are_a_circle() {
    let files = [
        (
            "pem/mod.rs",
            "mod error; pub use self::error::Error; pub(super) const LIMIT: u8 = 9;",
        ),
        ("pem/error.rs", "fn limit() -> u8 { super::LIMIT }"),
    ];
    let fault = fault("pem", &files);
    assert!(
        fault.contains("pem/error.rs:1 imports pem/mod.rs (super::LIMIT)"),
        "{fault}"
    );
}

#[test]
fn declaring_a_module_is_no_import() {
    let files = [
        ("pem/mod.rs", "mod error; mod inner { use super::LIMIT; }"),
        ("pem/error.rs", "use super::LIMIT;"),
    ];
    assert_eq!(faults("pem", &files), [""; 0]);
}

#[test]
fn what_a_parent_passes_on_is_imported_from_the_parent() {
    let files = [
        ("pem/mod.rs", "mod error; pub use self::error::Error;"),
        ("pem/error.rs", ""),
        ("file.rs", "use crate::pem::Error;"),
    ];
    assert_eq!(
        fault("pem::error\nfile\npem", &files),
        "upward, floor 3 from floor 2: file.rs:1 imports pem/mod.rs (crate::pem::Error)"
    );
}

#[test]
fn the_root_stands_above_all() {
    let files = [
        ("lib.rs", "mod a; pub use a::A;"),
        ("a.rs", "use crate::{A, Other};"),
    ];
    assert_eq!(
        fault("a", &files),
        "upward, the crate's root: a.rs:1 imports lib.rs (crate::A)"
    );
}

#[test]
fn a_file_on_no_floor_is_found() {
    let files = [("a.rs", ""), ("b/c.rs", "")];
    assert_eq!(
        fault("a b::d", &files[..1]),
        "the table has a place for b::d, which is no file"
    );
    assert_eq!(fault("a", &files), "b/c.rs stands on no floor");
}

#[test]
fn the_longest_path_says_where_a_file_stands() {
    let files = [
        ("record/mod.rs", "use crate::crypto::Backend;"),
        ("record/limits.rs", ""),
        ("crypto.rs", "use crate::record::limits::MAX;"),
    ];
    assert_eq!(faults("record::limits\ncrypto\nrecord", &files), [""; 0]);
}

#[test]
fn paths_are_found_wherever_they_stand() {
    for text in [
        "fn f(b: &mut crate::b::B) {}",
        "fn f() -> Vec<super::b::B> { Vec::new() }",
        "impl From<crate::b::B> for A {}",
        "fn f() { let x = Vec::<crate::b::B>::new(); }",
        "fn f() { <crate::b::B as Default>::default(); }",
        "macro_rules! m { () => { $crate::b::f() } }",
        "pub use crate::b::B;",
        "use crate::{c::{self, C}, b::*};",
        "use crate::{c::C, b as d};",
        "fn f() { use crate::b::{B as _}; }",
        "use super::{b::B};",
        "use crate::b; fn f() { b::f(); }",
        "mod inner { fn f() { super::super::b::f(); } }",
        "const C: char = '\"'; const D: &[u8] = br#\"\"#; use crate::b::B; // \"",
        "fn f<'a>(x: &'a str) -> crate::b::B<'a> {}",
        "#[cfg(unix)] use crate::b::B;",
        "#[cfg(any(test, unix))] use crate::b::B;",
        "#[cfg(test)] use std::io; use crate::b::B;",
        "#[cfg(test)] mod tests; use crate::b::B;",
        "#[cfg(test)] fn f<A, B>() { a(); } use crate::b::B;",
    ] {
        let files = [("a.rs", text), ("b.rs", ""), ("c.rs", "")];
        let fault = fault("a c\nb", &files);
        assert!(fault.contains("a.rs:1 imports b.rs"), "{text}: {fault}");
    }
}

#[test]
fn a_path_that_begins_with_a_child_is_an_import_of_the_child() {
    for text in [
        "mod file; fn f() { file::read(); }",
        "mod file; pub use file::read;",
        "mod file; use self::file as other; fn f() { other::read(); }",
    ] {
        let files = [("a/mod.rs", text), ("a/file.rs", "")];
        let fault = fault("a\na::file", &files);
        assert!(
            fault.contains("a/mod.rs:1 imports a/file.rs"),
            "{text}: {fault}"
        );
    }
}

#[test]
fn a_module_under_another_name_is_found_behind_it() {
    let files = [
        ("a.rs", "use super::b as c; fn f() { c::d::f(); }"),
        ("b/mod.rs", ""),
        ("b/d.rs", ""),
    ];
    assert_eq!(
        fault("b\na\nb::d", &files),
        "upward, floor 3 from floor 2: a.rs:1 imports b/d.rs (c::d::f)"
    );
}

#[test]
fn what_is_no_import_is_not_taken_for_one() {
    for text in [
        "/// See [`B`](crate::b::B).\nstruct A;",
        "//! use crate::b::B;",
        "/* /* crate::b::B */ crate::b::B */",
        "const B: &str = \"use crate::b::B; \\\" crate::b::B\";",
        "const B: &str = r#\"\" crate::b::B\"#;",
        "const B: (char, &str) = ('\\'', \"crate::b::B\");",
        "pub(in crate::b) struct A;",
        "use other::b::B; use ::b::B; fn f() { ::b::f(); other::crate_b::f(); }",
        "#[cfg(test)]\nmod tests { use crate::b::B; fn f() { x(); } }",
        "#[cfg(test)]\n#[allow(unused)]\npub(crate) mod tests { use crate::b::B; }",
        "#[cfg(all(test, unix))] mod tests { use crate::b::B; }",
        "#[cfg(test)] impl A { fn f(b: crate::b::B) {} }",
        "struct A { #[cfg(test)] b: crate::b::B, c: u8 }",
        "fn f<T>(f: impl Fn() -> T + use<T>) {}",
    ] {
        let files = [("a.rs", text), ("b.rs", "")];
        assert_eq!(faults("a\nb", &files), [""; 0], "{text}");
    }
}

#[test]
fn files_of_tests_are_not_looked_at() {
    let files = [
        ("a.rs", "#[cfg(test)] mod tests;"),
        ("a/tests.rs", "use crate::b::B; mod more;"),
        ("a/tests/more.rs", "use crate::b::B;"),
        ("b.rs", ""),
    ];
    assert_eq!(faults("a\nb", &files), [""; 0]);
}
