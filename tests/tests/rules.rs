//! The documentation refers to rules by number: each reference leads to the rule.

use std::fs;
use std::path::Path;

/// Calls `see` with every source file below `folder`.
fn walk(folder: &Path, see: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, see);
        } else if path.extension().is_some_and(|it| it == "rs") {
            see(&path, &fs::read_to_string(&path).expect("text"));
        }
    }
}

/// The numbers behind "rule R" in a line.
fn mentioned(line: &str) -> impl Iterator<Item = &str> {
    line.split("rule R").skip(1).map(|rest| {
        let end = rest.find(|it: char| !it.is_ascii_digit());
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn every_mention_of_a_rule_links_to_it() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let rules = fs::read_to_string(top.join("sslcore/src/rules.rs")).expect("the rules");
    let numbers: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.strip_prefix("//! ## R"))
        .collect();
    let expected: Vec<String> = (1..=17).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);

    let mut links = 0;
    let mut look = |path: &Path, text: &str| {
        for line in text.lines().map(str::trim_start) {
            if !(line.starts_with("///") || line.starts_with("//!")) {
                continue;
            }
            for number in mentioned(line) {
                assert!(numbers.contains(&number), "{}: {line}", path.display());
                let links_to_it = ["crate", "sslcore"].iter().any(|root| {
                    line.contains(&format!("[rule R{number}]({root}::rules#r{number})"))
                });
                assert!(links_to_it, "{}: {line}", path.display());
                links += 1;
            }
        }
    };
    for folder in [
        "sslcore/src",
        "sslcore-embassy/src",
        "sslcore-std/src",
        "sslcore-std/program/src",
    ] {
        walk(&top.join(folder), &mut look);
    }
    assert!(links > 20, "{links} mentions");
}
