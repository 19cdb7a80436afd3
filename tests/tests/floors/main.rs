//! Files stand on floors: a file imports only from floors below its own, or from its own, and no
//! two files import each other, directly or in a circle. `floors.txt` says which file stands where.
//!
//! What counts is what is written: `use`, and every path with a module in it, wherever it stands.
//! `mod x;` is no import, `pub use self::x::Y` is one of `x`, and who takes `Y` from there imports
//! the file that passes it on. The root (`lib.rs`, `main.rs`) stands above all. What is for tests
//! only is not looked at.

mod house;
mod own;
mod source;
mod table;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use house::House;

const TABLE: &str = include_str!("../floors.txt");

/// The crates with floors, by their section of the table: where their root is, and how many files there
/// are at least.
const CRATES: [(&str, &str, usize); 5] = [
    ("sslcore", "sslcore/src", 100),
    ("sslcore-std", "sslcore-std/src", 60),
    ("sslcore-cli", "sslcore-std/program/src", 60),
    ("sslcore-embassy", "sslcore-embassy/src", 10),
    ("sslcore-page", "docs/page/src", 4),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files of a folder, with their paths below it.
fn rust_files(root: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            let name = path.to_str().expect("UTF-8").replace('\\', "/");
            if entry.file_type().expect("a type").is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(entry.path()).expect("a text");
                files.push((name, text));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_file_imports_only_from_floors_below_its_own() {
    let sections = table::read(TABLE);
    let mut faults = Vec::new();
    for (name, root, at_least) in CRATES {
        let floors = sections.get(name);
        let floors = floors.unwrap_or_else(|| panic!("floors.txt has no section [{name}]"));
        let files = rust_files(&workspace().join(root));
        assert!(
            files.len() >= at_least,
            "{name}: {} files are not all",
            files.len()
        );
        let house = House::new(files.iter().map(|(name, text)| (&**name, &**text)));
        let found = house.faults(floors).into_iter();
        faults.extend(found.map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_section_of_the_table_is_of_a_crate() {
    for section in table::read(TABLE).keys() {
        let known = CRATES.iter().any(|(name, ..)| name == section);
        assert!(known, "[{section}] is held by no test: add it to CRATES");
    }
}
