//! What the crates are made of: licences that allow what ours does, and a reason for each dependency.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, ParseMode};

/// Licences that ask for no more than to be named, and that MIT OR Apache-2.0 can be combined with.
const PERMISSIVE: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that are data, under licences for that, which ask for no more either.
const DATA: [(&str, &str); 1] = [("webpki-root-certs", "CDLA-Permissive-2.0")];

/// What cargo says of the workspace.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Whether the licence can be had under permissive terms alone.
fn is_permissive(license: &str) -> bool {
    let parsed = Expression::parse_mode(license, ParseMode::LAX);
    parsed.is_ok_and(|license| {
        license.evaluate(|wanted| {
            let id = wanted.license.id();
            id.is_some_and(|id| PERMISSIVE.contains(&id.name))
        })
    })
}

#[test]
fn licences_are_told_apart() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR ISC",
        "(MIT OR Zlib) AND Unicode-3.0",
    ] {
        assert!(is_permissive(fine), "{fine}");
    }
    for not in ["GPL-3.0", "MIT AND LGPL-2.1", "MPL-2.0", "", "whatever"] {
        assert!(!is_permissive(not), "{not}");
    }
}

#[test]
fn every_crate_can_be_used_under_permissive_terms() {
    let metadata = cargo(&["metadata", "--all-features", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "{} packages", packages.len());
    let others = packages.iter().filter_map(|package| {
        let license = package["license"].as_str().unwrap_or_default();
        let name = package["name"].as_str().unwrap_or_default();
        let is_fine = is_permissive(license) || DATA.contains(&(name, license));
        (!is_fine).then(|| format!("{name}: {license:?}"))
    });
    assert_eq!(others.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn cargo_deny_is_told_the_same() {
    let told = include_str!("../../deny.toml");
    let (_, list) = told.split_once("\nallow = [").expect("a list");
    let (list, rest) = list.split_once(']').expect("its end");
    let allowed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(allowed, PERMISSIVE);
    for (name, license) in DATA {
        let exception = format!("{{ crate = \"{name}\", allow = [\"{license}\"] }}");
        assert!(rest.contains(&exception), "{exception}");
    }
    // What is there twice says for whom.
    let skipped: Vec<&str> = rest
        .lines()
        .filter(|it| it.contains("{ crate = ") && it.contains('@'))
        .collect();
    assert!(!skipped.is_empty());
    for line in skipped {
        assert!(line.contains("reason = \""), "{line}");
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, behind) = manifest
        .split_once("[workspace.dependencies]\n")
        .expect("dependencies");
    let dependencies = behind.split("\n[").next().unwrap_or_default();
    let (mut explained, mut seen) = (false, 0);
    for line in dependencies.lines() {
        let is_ours = line.contains("path = ");
        if line.starts_with('#') {
            explained = true;
        } else if !line.is_empty() && !is_ours {
            assert!(explained, "no word about {line}");
            assert!(!line.contains("\"*\""), "any version will do for {line}");
            (explained, seen) = (false, seen + 1);
        } else {
            explained = false;
        }
    }
    assert!(seen > 30, "{seen} dependencies");
}

/// What a package links, with these options.
fn tree(options: &[&str]) -> BTreeSet<String> {
    let tree = cargo(&[&["tree", "--edges=normal", "--prefix=none"], options].concat());
    let crates = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_string());
    crates.collect()
}

#[test]
fn the_engine_of_our_own_needs_no_rustls() {
    let with = |features: &str| {
        tree(&[
            "--package=sslcore",
            "--no-default-features",
            "--features",
            features,
        ])
    };
    let has = |crates: &BTreeSet<String>, name: &str| {
        crates
            .iter()
            .any(|line| line.starts_with(&format!("{name} v")))
    };
    for backend in ["rustcrypto", "ring", "aws-lc-rs"] {
        let own = with(&format!("client,engine,server,tls12,{backend}"));
        assert!(!has(&own, "rustls"), "{own:?}");
        // Certificates, names and keys as data, and who judges chains.
        assert!(has(&own, "rustls-pki-types") && has(&own, "rustls-webpki"));
        assert!(has(&with(&format!("client,rustls,{backend}")), "rustls"));
    }
}

#[test]
fn sslcore_std_is_lean_by_default() {
    let crates = tree(&["--package=sslcore-std"]);
    for wanted in ["aws-lc-rs v", "rustls-native-certs v", "sslcore-std v"] {
        let is_there = crates.iter().any(|line| line.starts_with(wanted));
        assert!(is_there, "no {wanted} in {crates:?}");
    }
    let count = crates.len();
    assert!(count <= 30, "{count} crates: {crates:?}");
}
