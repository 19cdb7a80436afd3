//! A program with sslcore and another crate over rustls has one rustls, whichever release the other
//! asks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sslcore_tests::peer::Scratch;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What cargo resolves for this manifest.
fn metadata(manifest: &Path, how: &str) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", how, "--manifest-path"])
        .arg(manifest)
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The packages of this name: versions and manifests.
fn packages<'a>(metadata: &'a Value, name: &str) -> Vec<(&'a str, &'a str)> {
    let all = metadata["packages"].as_array().expect("packages");
    let found = all.iter().filter(|package| package["name"] == name);
    let text = |package: &'a Value, key: &str| package[key].as_str().expect("a text");
    found
        .map(|package| (text(package, "version"), text(package, "manifest_path")))
        .collect()
}

/// A package in a folder of its own, with an empty library.
fn package(scratch: &Scratch, name: &str, manifest: &str) -> PathBuf {
    let folder = scratch.path().join(name);
    fs::create_dir_all(folder.join("src")).expect("a folder");
    fs::write(folder.join("src/lib.rs"), "").expect("a library");
    let path = folder.join("Cargo.toml");
    fs::write(&path, manifest).expect("a manifest");
    path
}

/// The program's versions of rustls, where another crate asks for `requirement`; `tail` ends the
/// program's manifest.
fn resolved(scratch: &Scratch, requirement: &str, tail: &str) -> Vec<String> {
    let other = format!(
        "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         rustls = {{ version = \"{requirement}\", default-features = false, features = [\"std\"] }}\n"
    );
    package(scratch, "other", &other);
    let sslcore_std = workspace().join("sslcore-std");
    let program = format!(
        "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         other = {{ path = \"../other\" }}\nsslcore-std = {{ path = {sslcore_std:?} }}\n\n\
         [workspace]\n{tail}"
    );
    let manifest = package(scratch, "program", &program);
    let lock = workspace().join("Cargo.lock");
    fs::copy(lock, manifest.with_file_name("Cargo.lock")).expect("a lock file");
    let metadata = metadata(&manifest, "--offline");
    for name in ["other", "sslcore", "sslcore-std"] {
        assert_eq!(packages(&metadata, name).len(), 1, "{name}");
    }
    let rustls = packages(&metadata, "rustls").into_iter();
    rustls.map(|(version, _)| version.to_owned()).collect()
}

#[test]
fn a_program_with_another_crate_over_rustls_has_one_rustls() {
    let ours = metadata(&workspace().join("Cargo.toml"), "--locked");
    let [(version, manifest)] = packages(&ours, "rustls")[..] else {
        panic!("not one rustls in the workspace");
    };
    let scratch = Scratch::new();
    assert_eq!(resolved(&scratch, "0.23", ""), [version]);

    // A release that is still to come, with what the last one needs.
    let coming = "0.23.9999";
    let said = fs::read_to_string(manifest).expect("its manifest");
    let said_version = format!("\nversion = \"{version}\"\n");
    assert!(said.contains(&said_version), "{manifest} has no version");
    let said = said.replacen(&said_version, &format!("\nversion = \"{coming}\"\n"), 1);
    package(&scratch, "rustls", &said);
    let patch = "\n[patch.crates-io]\nrustls = { path = \"../rustls\" }\n";
    assert_eq!(resolved(&scratch, coming, patch), [coming]);
}

#[test]
fn every_crate_takes_any_release_of_the_line() {
    let ours = metadata(&workspace().join("Cargo.toml"), "--locked");
    let all = ours["packages"].as_array().expect("packages");
    let of_the_workspace = all.iter().filter(|package| package["source"].is_null());
    let mut who = Vec::new();
    for package in of_the_workspace {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        for rustls in dependencies.iter().filter(|it| it["name"] == "rustls") {
            let name = package["name"].as_str().expect("a name");
            assert_eq!(rustls["req"], ">=0.23.46, <0.24", "{name}");
            who.push(name);
        }
    }
    assert!(who.contains(&"sslcore"), "{who:?}");
}
