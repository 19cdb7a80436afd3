//! The ciphers of the backends alone, beside OpenSSL's.

use std::hint::black_box;
use std::process::Command;

use sslcore::crypto::{AeadAlgorithm, NONCE_LEN, RecordAead};
use sslcore_tests::measured::{Spread, cpu_seconds};
use sslcore_tests::pair::backends;

const ROUNDS: usize = 11;
/// CPU time of each turn.
const SECONDS: f64 = 0.05;
/// What is sealed at once: the content of the longest record.
const BYTES: usize = 16 * 1024;
/// Additional data as long as `openssl speed` has it, which is as in TLS 1.2.
const AAD: [u8; 13] = [3; 13];

const CIPHERS: [(&str, AeadAlgorithm); 3] = [
    ("aes-128-gcm", AeadAlgorithm::Aes128Gcm),
    ("aes-256-gcm", AeadAlgorithm::Aes256Gcm),
    ("chacha20-poly1305", AeadAlgorithm::ChaCha20Poly1305),
];

/// Million bytes per second of CPU time, sealed where they lie.
fn sealed(aead: &mut dyn RecordAead) -> f64 {
    let mut bytes = vec![7; BYTES];
    let (mut seq, started) = (0_u64, cpu_seconds());
    loop {
        for _ in 0..64 {
            let mut nonce = [0; NONCE_LEN];
            nonce[4..].copy_from_slice(&seq.to_be_bytes());
            black_box(aead.seal(&nonce, &AAD, &mut bytes).expect("sealed"));
            seq += 1;
        }
        let seconds = cpu_seconds() - started;
        if seconds >= SECONDS {
            return (seq as usize * BYTES) as f64 / 1e6 / seconds;
        }
    }
}

/// The same by `openssl speed`; `None` where there is none.
fn openssl(cipher: &str) -> Option<f64> {
    let output = Command::new("openssl")
        .args(["speed", "-mr", "-seconds", "1", "-aead", "-evp", cipher])
        .args(["-bytes", &BYTES.to_string()])
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures = said.lines().find(|line| line.starts_with("+F:"))?;
    let bytes: f64 = figures.rsplit(':').next()?.parse().ok()?;
    Some(bytes / 1e6)
}

/// What the `openssl` of this machine says that it is.
fn version() -> Option<String> {
    let output = Command::new("openssl").arg("version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(said.split(" (").next()?.trim().to_owned())
}

/// Measures and prints.
///
/// # Errors
/// What is the matter with OpenSSL.
pub(crate) fn table() -> Result<(), &'static str> {
    let version = version().ok_or("there is none here")?;
    println!(
        "\
Ciphers alone: {BYTES} B sealed again and again, nothing else. MB/s: million bytes per second of CPU time.
Medians of {ROUNDS} rounds, in which all take turns; [lower quartile, upper quartile].
{version}: openssl speed -seconds 1 -aead -evp CIPHER -bytes {BYTES}

{:<20} {:<12} {:>22} {:>22}",
        "cipher", "who", "MB/s", "to OpenSSL"
    );
    for (cipher, algorithm) in CIPHERS {
        let key = [7; 32];
        let mut own: Vec<_> = backends()
            .into_iter()
            .map(|backend| {
                let key = &key[..algorithm.key_len()];
                let aead = backend.aead(algorithm, key).expect("a key");
                (backend.name(), aead, Vec::new())
            })
            .collect();
        let mut theirs = Vec::new();
        for _ in 0..ROUNDS {
            for (_, aead, speeds) in &mut own {
                speeds.push(sealed(&mut **aead));
            }
            let speed = openssl(cipher);
            theirs.push(speed.ok_or("what `openssl speed` says is not understood")?);
        }
        for (name, _, speeds) in &own {
            let ratio = Spread::of_ratios(speeds, &theirs);
            let speed = Spread::of(speeds.iter().copied());
            println!("{cipher:<20} {name:<12} {speed:>22.0} {ratio:>22.2}");
        }
        let speed = Spread::of(theirs);
        println!("{cipher:<20} {:<12} {speed:>22.0}", "OpenSSL");
    }
    println!();
    Ok(())
}
