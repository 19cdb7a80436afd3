//! Qt's list of tests, held against ours.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LIST: &str = include_str!("qt-checklist.txt");

/// One of Qt's tests.
struct Row {
    name: &'static str,
    place: &'static str,
    /// Files where ours is, or why there is none.
    here: Result<Vec<&'static str>, &'static str>,
}

fn rows() -> Vec<Row> {
    let lines = LIST.lines().filter(|line| !line.is_empty());
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let [name, place, here] = line.splitn(3, " | ").collect::<Vec<_>>()[..] else {
                panic!("not a row: {line}");
            };
            let files: Vec<&str> = here.split_whitespace().collect();
            let all_files = files.iter().all(|file| file.ends_with(".rs"));
            Row {
                name,
                place,
                here: if all_files { Ok(files) } else { Err(here) },
            }
        })
        .collect()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A name without the class that those of sister suites begin with.
fn bare(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// Qt's name in snake case; that something is a test is said by its attribute. Capitals one after
/// another are one word, as in `nulInCN`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    let bare = name.strip_prefix("test").unwrap_or(name);
    let letters: Vec<char> = bare.chars().collect();
    for (i, letter) in letters.iter().enumerate() {
        let in_capitals = i > 0
            && letters[i - 1].is_uppercase()
            && letters.get(i + 1).is_none_or(|next| next.is_uppercase());
        if letter.is_uppercase() && i > 0 && !in_capitals {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The tests of a source file, each with the comments and attributes above it.
fn tests_in(source: &str) -> Vec<(String, String)> {
    let mut above = String::new();
    let mut tests = Vec::new();
    for line in source.lines() {
        if line.starts_with("///") || line.starts_with("#[") {
            above += line;
            above.push('\n');
        } else if let Some(rest) = line.strip_prefix("fn ") {
            if above.ends_with("#[test]\n") {
                let name = rest.split('(').next().unwrap_or_default().to_string();
                tests.push((name, above.clone()));
            }
            above.clear();
        } else {
            above.clear();
        }
    }
    tests
}

fn tests_of(file: &str) -> Vec<(String, String)> {
    let path = workspace().join(file);
    let source = fs::read_to_string(&path);
    tests_in(&source.unwrap_or_else(|error| panic!("{file}: {error}")))
}

#[test]
fn every_test_of_qts_is_on_the_list_once() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let all = 86 + 9 + 8 + 11 + 34 + 2 + 8 + 11;
    assert_eq!((rows.len(), names.len()), (all, all));
}

#[test]
fn every_test_on_the_list_exists_under_its_own_name_or_says_why_not() {
    for row in rows() {
        let files = match row.here {
            Ok(files) => files,
            Err(reason) => {
                assert!(
                    row.place.starts_with('N') || reason.starts_with("later: "),
                    "{} is {} and has no test",
                    row.name,
                    row.place
                );
                continue;
            }
        };
        for file in files {
            let tests = tests_of(file);
            let (_, above) = tests
                .iter()
                .find(|(name, _)| *name == snake(bare(row.name)))
                .unwrap_or_else(|| panic!("{file} has no test {}", snake(bare(row.name))));
            let said = format!("`{}`", bare(row.name));
            assert!(above.contains(&said), "{file} does not say {said}: {above}");
        }
    }
}

#[test]
fn what_is_about_sockets_is_tested_with_sockets() {
    for row in rows() {
        if !row.place.contains('A') {
            continue;
        }
        let files = row.here.unwrap_or_default();
        assert!(
            files.iter().any(|file| file.starts_with("sslcore-std/")),
            "{} needs a test over loopback",
            row.name
        );
    }
}

#[test]
fn every_test_that_bears_one_of_qts_names_is_on_the_list() {
    for folder in ["tests/tests", "sslcore-std/tests"] {
        let files = fs::read_dir(workspace().join(folder)).expect("a folder of tests");
        for file in files {
            let file = file.expect("a file").file_name();
            let file = file.to_str().expect("UTF-8");
            if !file.starts_with("qt_") || file == "qt_checklist.rs" {
                continue;
            }
            let file = format!("{folder}/{file}");
            for (name, _) in tests_of(&file) {
                let listed = rows().into_iter().any(|row| {
                    snake(bare(row.name)) == name
                        && row.here.is_ok_and(|files| files.contains(&file.as_str()))
                });
                assert!(listed, "{file}: {name} is not on the list");
            }
        }
    }
}
