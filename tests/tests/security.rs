//! SECURITY.md: a row for each rule, and tests that exist.

use std::path::Path;

const PAGE: &str = include_str!("../../SECURITY.md");

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether this is a test program of one of the packages.
fn is_program(name: &str) -> bool {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [
        "tests/tests",
        "sslcore-std/tests",
        "sslcore-std/program/tests",
        "sslcore-embassy/tests",
    ];
    folders.iter().any(|folder| {
        let folder = top.join(folder);
        folder.join(name).with_extension("rs").exists()
            || folder.join(name).join("main.rs").exists()
    })
}

#[test]
fn every_rule_has_tests_that_exist() {
    let rows: Vec<Vec<&str>> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| R"))
        .map(|row| row.split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<String> = rows.iter().map(|row| row[0].to_owned()).collect();
    let expected: Vec<String> = (1..=17).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
    for row in rows {
        let names: Vec<&str> = quoted(row[2])
            .filter(|name| !["sslcore-std", "sslcore-embassy"].contains(name))
            .collect();
        assert!(!names.is_empty(), "R{} has no tests", row[0]);
        for name in names {
            assert!(is_program(name), "R{}: there is no {name}", row[0]);
        }
    }
}

#[test]
fn the_tests_of_certificates_exist() {
    let (_, behind) = PAGE.split_once("\nCertificates: ").expect("a paragraph");
    let paragraph = behind.split("\n\n").next().unwrap_or_default();
    let (tests, _) = paragraph.split_once("`fuzz/`").expect("the targets");
    let names: Vec<&str> = quoted(tests).filter(|name| !name.contains(' ')).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        assert!(is_program(name), "there is no {name}");
    }
}
