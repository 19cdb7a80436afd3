//! Certificates in PEM: read from a text, and written.

use proptest::prelude::*;
use sslcore::{Certificate, PemError};
use sslcore_tests::certs::{WORLD, pem};

fn leaf() -> Certificate {
    Certificate::from_der(WORLD.server.chain[0].clone())
}

fn root() -> Certificate {
    Certificate::from_der(WORLD.ca.der())
}

fn read(text: impl AsRef<[u8]>) -> Result<Vec<Certificate>, PemError> {
    Certificate::all_from_pem(text.as_ref())
}

#[test]
fn what_is_written_is_read_again() {
    for certificate in [leaf(), root()] {
        let text = certificate.pem().to_string();
        assert_eq!(text, pem("CERTIFICATE", certificate.der()));
        assert_eq!(read(text), Ok(vec![certificate]));
    }
    assert_eq!(read(""), Ok(vec![]));
    assert_eq!(read("no PEM\nat all"), Ok(vec![]));
}

#[test]
fn all_certificates_of_a_text_are_read_in_its_order() {
    let both = format!("{}{}", leaf().pem(), root().pem());
    let wanted = Ok(vec![leaf(), root()]);
    let with_more = format!(
        "subject=CN = leaf\n{}\n{}-----END CERTIFICATE-----\n{}{}trailing words",
        pem("EC PARAMETERS", &[6, 1, 42]),
        leaf().pem(),
        WORLD.server.key_pem(),
        root().pem(),
    );
    for text in [
        both.clone(),
        with_more.clone(),
        with_more.replace('\n', "\r\n"),
        both.replace('\n', "\r"),
        both.replace('\n', " \t\n"),
        both.replace('\n', "\n\n"),
        format!("\u{feff}{both}"),
        both.trim_end().to_owned(),
        // One line is as good as many.
        format!("{}{}", one_line(&leaf()), one_line(&root())),
    ] {
        assert_eq!(read(&text), wanted, "{text}");
    }
}

fn one_line(certificate: &Certificate) -> String {
    let text = certificate.pem().to_string();
    let content: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    format!("-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n")
}

#[test]
fn a_damaged_block_is_an_error_with_its_line() {
    let good = root().pem().to_string();
    let begins = good.lines().count() + 2;
    for bad in [
        good.replacen("MII", "M!I", 1),
        good.replace("-----END", "----END"),
        good.replace("END CERTIFICATE", "END PRIVATE KEY"),
        good.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE---"),
        good.replacen("\nM", "\nKey: value\n\nM", 1),
        good[..good.len() / 2].to_owned(),
        good.replacen("MII", "", 1),
        // What is behind a block that has no end is not taken for a part of it.
        format!("{}{good}", &good[..100]),
    ] {
        let error = read(format!("{good}\n{bad}")).expect_err(&bad);
        assert_eq!(error.line(), begins, "{bad}");
        let said = format!("the PEM block that begins with line {begins} is not complete base64");
        assert_eq!(error.to_string(), said);
    }
    // Of other blocks nothing is asked.
    let other = pem("X509 CRL", b"whatever").replace('w', "!");
    assert_eq!(read(other + &good), Ok(vec![root()]));
}

#[test]
fn der_is_not_pem_and_the_other_way_round() {
    assert_eq!(read(leaf().der()), Ok(vec![]));
    let text = leaf().pem().to_string().into_bytes();
    assert_eq!(Certificate::from_der(text).subject(), None);
}

proptest! {
    #[test]
    fn any_bytes_can_be_written_and_read(der: Vec<u8>) {
        let certificate = Certificate::from_der(der.clone());
        let text = certificate.pem().to_string();
        prop_assert!(text.lines().all(|line| line.len() <= 64), "{}", text);
        prop_assert_eq!(&text, &pem("CERTIFICATE", &der));
        prop_assert_eq!(read(text), Ok(vec![certificate]));
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        noise in proptest::collection::vec("-----(BEGIN|END) CERTIFICATE-----|[A-Z=\n\r -]{0,9}|\n", 0..20),
    ) {
        let mut text = leaf().pem().to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(found) = read(&text) {
            prop_assert!(found.len() <= 1);
        }
        let noise = noise.concat();
        if let Ok(found) = read(&noise) {
            prop_assert!(found.len() <= noise.matches("BEGIN").count());
        }
    }
}
