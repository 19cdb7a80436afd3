//! Every target over its seeds and its finds, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use sslcore_fuzz_targets::{ALL, Target};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// The inputs of a target, each with its path.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut inputs = Vec::new();
    for kind in ["seeds", "finds"] {
        let Ok(entries) = fs::read_dir(folder(kind).join(target)) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry").path();
            let bytes = fs::read(&path).expect("a file");
            inputs.push((path, bytes));
        }
    }
    inputs.sort();
    inputs
}

fn run(name: &str) {
    let (_, target): (_, Target) = ALL
        .into_iter()
        .find(|(known, _)| *known == name)
        .expect("one");
    let inputs = inputs(name);
    assert!(inputs.len() > 3, "{} inputs", inputs.len());
    for (path, bytes) in inputs {
        // The test's output says which it was.
        println!("{}", path.display());
        target(&bytes);
    }
    target(&[]);
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_is_run() {
            let run = [$(stringify!($name)),*];
            assert_eq!(ALL.map(|(name, _)| name), run);
        }
    };
}

targets! { connection after_handshake hellos records certificates files starttls differential engines }

#[test]
fn every_target_is_built_by_cargo_fuzz() {
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("a manifest");
    for (name, _) in ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
        let source = folder("fuzz_targets").join(name).with_extension("rs");
        let source = fs::read_to_string(source).expect("a program");
        assert!(
            source.contains(&format!("sslcore_fuzz_targets::{name}(data)")),
            "{name}"
        );
    }
}

#[test]
fn the_dictionary_is_what_the_library_reads_by() {
    let path = folder("dictionaries").join("tls.dict");
    let kept = fs::read_to_string(path).expect("a dictionary");
    // Made by `cargo run -p sslcore-fuzz-targets --bin dictionary`.
    assert_eq!(kept, sslcore_fuzz_targets::dictionary());
    assert!(kept.contains("extension_51=\"\\x00\\x33\"\n"));
}
