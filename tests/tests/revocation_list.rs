//! Lists of revoked certificates (RFC 5280 §5): what is one, and what it says.

use std::sync::LazyLock;

use proptest::prelude::*;
use sslcore::{DateTime, RevocationList, RevocationListError, RevocationListError::*};
use sslcore_tests::certs::pem;
use sslcore_tests::chains::{Made, authority, element};

/// `2.5.29.n`
fn id(n: u8) -> Vec<u8> {
    element(6, &[0x55, 0x1d, n])
}

/// A critical extension.
fn extension(id: Vec<u8>, value: &[u8]) -> Vec<u8> {
    let critical = element(1, &[0xff]);
    element(0x30, &[id, critical, element(4, value)].concat())
}

/// What is said of a list with these extensions.
fn with_extensions(extensions: &[Vec<u8>]) -> Result<RevocationList, RevocationListError> {
    let root = Made::self_signed(authority("root"));
    RevocationList::from_der(root.revoke_with_fields(&[1], |fields| {
        fields.pop();
        fields.push(element(0xa0, &element(0x30, &extensions.concat())));
    }))
}

/// What is said of a list with these fields of an IssuingDistributionPoint.
fn with_scope(fields: &[Vec<u8>]) -> Result<RevocationList, RevocationListError> {
    with_extensions(&[extension(id(28), &element(0x30, &fields.concat()))])
}

/// What is said of a list with these entries.
fn with_entries(entries: &[u8]) -> Result<RevocationList, RevocationListError> {
    const ENTRIES: usize = 5;
    let root = Made::self_signed(authority("root"));
    RevocationList::from_der(root.revoke_with_fields(&[1], |fields| {
        fields[ENTRIES] = element(0x30, entries);
    }))
}

#[test]
fn all_lists_of_a_text_are_read_in_its_order() {
    let root = Made::self_signed(authority("root"));
    let (one, other) = (root.revoke(&[1], 2030), root.revoke(&[2], 2030));
    let (first, second) = (pem("X509 CRL", one.der()), pem("X509 CRL", other.der()));
    let certificate = pem("CERTIFICATE", &root.der);
    let text = format!("issuer=root\n{first}{certificate}{second}");
    let read = |text: &str| RevocationList::all_from_pem(text.as_bytes());
    assert_eq!(read(&text), Ok(vec![one, other]));
    assert_eq!(read(&certificate), Ok(vec![]));
    let damaged = Err(Damaged("the PEM block is not complete base64"));
    for bad in ["\n!", "\n", "\n-----BEGIN M"] {
        let second = second.replacen("\nM", bad, 1);
        assert_eq!(read(&format!("{first}{second}")), damaged, "{bad}");
    }
    assert_eq!(read(&text[..text.len() - 10]), damaged);
    let other_kind = pem("X509 CRL", &root.der);
    assert_eq!(read(&format!("{first}{other_kind}")), Err(NotAList));
}

#[test]
fn a_list_tells_whose_it_is_and_when_it_is_good_and_what_it_has() {
    let root = Made::self_signed(authority("root"));
    let list = root.revoke(&[1, 0x1234], 2030);
    assert_eq!(list.issuer().to_string(), "CN=root");
    assert_eq!(
        DateTime::from(list.this_update()).to_string(),
        "2025-01-01 00:00:00 UTC"
    );
    let next = list.next_update().expect("a date");
    assert_eq!(DateTime::from(next).to_string(), "2030-12-31 00:00:00 UTC");
    let serials: Vec<_> = list.serials().collect();
    assert_eq!(serials, [&[1][..], &[0x12, 0x34]]);
    assert_eq!(root.revoke(&[], 2030).serials().count(), 0);
    assert_eq!(format!("{list:?}"), "RevocationList(CN=root)");
}

#[test]
fn lists_are_equal_when_their_der_is() {
    let root = Made::self_signed(authority("root"));
    let list = root.revoke(&[1], 2030);
    assert_eq!(list.clone(), list);
    let same = RevocationList::from_der(list.der().to_vec());
    assert_eq!(same.as_ref(), Ok(&list));
    assert_ne!(root.revoke(&[2], 2030), list);
}

#[test]
fn a_list_without_a_next_one_is_good_for_ever() {
    const NEXT_UPDATE: usize = 4;
    let root = Made::self_signed(authority("root"));
    let der = root.revoke_with_fields(&[1], |fields| drop(fields.remove(NEXT_UPDATE)));
    let list = RevocationList::from_der(der).expect("a list");
    assert_eq!(list.next_update(), None);
    assert_eq!(list.serials().count(), 1);
}

#[test]
fn a_list_that_is_not_enough_by_itself_is_refused_with_the_reason() {
    let yes = |n: u8| element(0x80 | n, &[0xff]);
    let place = |tag, name: &[u8]| element(0xa0, &element(tag, name));
    let uri = element(0x86, b"http://crl.test/1");
    let common_name = element(
        0x30,
        &[element(6, &[0x55, 4, 3]), element(12, b"1")].concat(),
    );
    let serial = element(2, &[1]);
    let time = element(0x17, b"250201000000Z");
    let entry = |extensions: &[u8]| {
        let extensions = element(0x30, extensions);
        element(0x30, &[&serial[..], &time, &extensions].concat())
    };
    let name = element(0x30, &element(0xa4, &element(0x30, &[])));
    let no_scope = Damaged("what it says of its scope cannot be read");
    for (what, said, expected) in [
        (
            "a delta CRL",
            with_extensions(&[extension(id(27), &[2, 1, 1])]),
            ChangesOnly,
        ),
        (
            "of some reasons",
            with_scope(&[element(0x83, &[5, 0x20])]),
            SomeReasonsOnly,
        ),
        (
            "of leaves, for some reasons",
            with_scope(&[yes(1), element(0x83, &[5, 0x20])]),
            SomeReasonsOnly,
        ),
        ("an indirect CRL", with_scope(&[yes(4)]), OtherIssuers),
        (
            "an entry of another issuer's",
            with_entries(&entry(&extension(id(29), &name))),
            OtherIssuers,
        ),
        (
            "of attribute certificates",
            with_scope(&[yes(5)]),
            AttributesOnly,
        ),
        (
            "at a relative place",
            with_scope(&[place(0xa1, &common_name)]),
            RelativePlace,
        ),
        (
            "with what nobody knows",
            with_extensions(&[extension(id(99), b"")]),
            UnknownExtension("2.5.29.99".into()),
        ),
        (
            "an entry with what nobody knows",
            with_entries(&entry(&extension(id(99), b""))),
            UnknownExtension("2.5.29.99".into()),
        ),
        (
            "an entry that is none",
            with_entries(&[&entry(b"")[..], &[2, 1, 1]].concat()),
            Damaged("one of its entries cannot be read"),
        ),
        (
            "an extension that is none",
            with_extensions(&[vec![5, 0]]),
            Damaged("one of its extensions cannot be read"),
        ),
        (
            "published at no place",
            with_scope(&[place(0xa0, b"")]),
            no_scope.clone(),
        ),
        (
            "with a scope that goes on",
            with_scope(&[place(0xa0, &uri), element(0x86, b"")]),
            no_scope,
        ),
    ] {
        assert_eq!(said, Err(expected), "{what}");
    }
    let whole = with_scope(&[place(0xa0, &uri), yes(1), element(0x84, &[0])]);
    assert!(
        whole.is_ok(),
        "false need not be said, and may be: {whole:?}"
    );
    let reason = extension(id(21), &element(10, &[1]));
    let reason = element(0x30, &[id(21), element(4, &reason)].concat());
    let whole = with_entries(&entry(&reason));
    assert!(whole.is_ok(), "an entry may say more: {whole:?}");
}

#[test]
fn what_is_no_list_is_told_from_a_list_that_was_cut() {
    let root = Made::self_signed(authority("root"));
    let list = root.revoke(&[1], 2030).der().to_vec();
    let longer = [&list[..], &[0]].concat();
    let cut = list[..list.len() - 1].to_vec();
    for damaged in [longer, cut] {
        assert_eq!(
            RevocationList::from_der(damaged),
            Err(Damaged("its length is not what it says"))
        );
    }
    for other in [Vec::new(), vec![1, 2, 3], root.der.to_vec()] {
        assert_eq!(RevocationList::from_der(other), Err(NotAList));
    }
}

#[test]
fn a_list_that_was_signed_with_another_algorithm_than_it_says_is_none() {
    let root = Made::self_signed(authority("root"));
    let mut der = root.revoke_with_fields(&[1], |_| {}).to_vec();
    assert!(RevocationList::from_der(der.clone()).is_ok());
    // ecdsa-with-SHA256, the first time: what is signed.
    let said = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let at = der.windows(said.len()).position(|bytes| bytes == said);
    der[at.expect("an algorithm") + said.len() - 1] = 0x03;
    assert_eq!(RevocationList::from_der(der), Err(NotAList));
}

proptest! {
    /// Lists are read totally: damage leads to a refusal, or to a list, never to a panic.
    #[test]
    fn a_damaged_list_is_refused_or_read(at in 0usize..2000, byte: u8, cut in 0usize..2000) {
        static LIST: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let root = Made::self_signed(authority("root"));
            root.revoke(&[1, 2, 3], 2030).der().to_vec()
        });
        let mut der = LIST.clone();
        der[at % LIST.len()] = byte;
        der.truncate(LIST.len() - cut % LIST.len());
        let whole = der == *LIST;
        match RevocationList::from_der(der) {
            Ok(list) => {
                let _ = (list.issuer().to_string(), list.serials().count());
            }
            Err(error) => prop_assert!(!whole, "{error}"),
        }
    }
}
