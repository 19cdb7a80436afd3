//! Every call, trait and enum of the public faces is shown in an example, and documentation names its
//! subject.

use std::fs;
use std::path::Path;

/// Calls `see` with the path and the text of every file below `folder` that users read.
fn walk(folder: &Path, see: &mut impl FnMut(&str, &str)) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.to_str().expect("a path in UTF-8");
        if path.is_dir() {
            // The program is no library, and tests are no examples.
            if !name.ends_with("/bin") && !name.ends_with("/tests") {
                walk(&path, see);
            }
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "md")
        {
            see(name, &fs::read_to_string(&path).expect("text"));
        }
    }
}

/// The text of a documentation comment's line.
fn documentation(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or(line.strip_prefix("//!"))
}

/// The code in fenced blocks.
fn fenced<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let (mut code, mut within) = (String::new(), false);
    for line in lines {
        if line.trim_start().starts_with("```") {
            within = !within;
        } else if within {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_')
}

/// The name that a line declares for everybody.
fn declared(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let rest = rest.strip_prefix("const ").unwrap_or(rest);
    let rest = ["fn ", "trait ", "enum "]
        .iter()
        .find_map(|kind| rest.strip_prefix(kind))?;
    words(rest).next()
}

#[test]
fn every_call_trait_and_enum_is_shown_in_an_example() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (package, least) in [("sslcore", 280)] {
        let mut code = String::new();
        walk(&top.join(package).join("examples"), &mut |_, text| {
            code.push_str(text);
        });
        let mut names = Vec::new();
        walk(&top.join(package).join("src"), &mut |path, text| {
            if path.ends_with(".md") {
                code.push_str(&fenced(text.lines()));
                return;
            }
            code.push_str(&fenced(text.lines().filter_map(documentation)));
            let library = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
            for name in library.lines().filter_map(declared) {
                names.push((path.to_owned(), name.to_owned()));
            }
        });
        assert!(names.len() >= least, "{} in {package}", names.len());
        let shown: Vec<&str> = words(&code).collect();
        names.retain(|(_, name)| !shown.contains(&name.as_str()));
        assert_eq!(names, [], "no example of {package} has them");
    }
}

#[test]
fn documentation_names_its_subject() {
    // Sentences that begin so can only be understood by who has just read another.
    const NAMELESS: [&str; 10] = [
        "It ",
        "The same",
        "They ",
        "Its ",
        "As above",
        "Answers it",
        "What it ",
        "Who ",
        "Whom ",
        "Of it",
    ];
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut nameless = Vec::new();
    for package in ["sslcore"] {
        walk(&top.join(package).join("src"), &mut |path, text| {
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let before = at.checked_sub(1).map_or("", |before| lines[before]);
                let Some(first) = line.trim_start().strip_prefix("/// ") else {
                    continue;
                };
                if documentation(before).is_some() {
                    continue;
                }
                // Of what is private, only who reads the code reads it.
                let mut behind = lines[at..].iter().map(|line| line.trim_start());
                let item = behind.find(|line| !line.starts_with("///") && !line.starts_with("#["));
                let public = item.is_some_and(|item| item.starts_with("pub "));
                if public && NAMELESS.iter().any(|start| first.starts_with(start)) {
                    nameless.push(format!("{path}:{}: {first}", at + 1));
                }
            }
        });
    }
    assert_eq!(nameless, [] as [String; 0]);
}
