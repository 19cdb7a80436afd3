//! Private keys out of their documents: what is read, and what it costs.

extern crate std;

use core::cell::Cell;

use super::*;

/// A curve that counts its multiplications, whose points are their scalars twice.
#[derive(Debug)]
struct Counting;

std::thread_local! {
    static MULTIPLICATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Scalar(Vec<u8>);

impl ZeroizeOnDrop for Scalar {}

impl NistCurve for Counting {
    const GROUP: u16 = group::SECP256R1;
    const SCHEME: SignatureScheme = SignatureScheme::EcdsaP256Sha256;
    const KEY_ALGORITHM: AlgorithmIdentifier = alg_id::ECDSA_P256;
    const SCALAR_LEN: usize = 2;

    type Secret = Scalar;

    fn secret(bytes: &[u8]) -> Option<Scalar> {
        MULTIPLICATIONS.set(MULTIPLICATIONS.get() + 1);
        (bytes.len() == Self::SCALAR_LEN).then(|| Scalar(bytes.to_vec()))
    }

    fn public_point(secret: &Scalar) -> Box<[u8]> {
        [&[4][..], &secret.0, &secret.0].concat().into()
    }

    fn agree(_: &Scalar, _: &[u8]) -> Option<SharedSecret> {
        None
    }

    fn sign(_: &Scalar, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn verify(_: &[u8], _: &[u8], _: &[u8]) -> bool {
        false
    }
}

fn element(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
    let inside = inside.concat();
    [&[tag, inside.len() as u8][..], &inside].concat()
}

/// An ECPrivateKey of the scalar 7, 8, with these parameters and this point.
fn sec1(parameters: Option<&[u8]>, point: Option<&[u8]>) -> Vec<u8> {
    let parameters = parameters.map(|it| element(0xa0, &[it]));
    let point = point.map(|it| element(0xa1, &[&element(3, &[&[0], it])]));
    let fields = [
        element(2, &[&[1]]),
        element(4, &[&[7, 8]]),
        parameters.unwrap_or_default(),
        point.unwrap_or_default(),
    ];
    element(0x30, &[&fields.concat()])
}

fn pkcs8(algorithm: &[u8], key: &[u8], behind: &[u8]) -> Vec<u8> {
    let (version, key) = (element(2, &[&[0]]), element(4, &[key]));
    element(
        0x30,
        &[&version, &element(0x30, &[algorithm]), &key, behind],
    )
}

/// The curve's object identifier.
fn p256() -> Vec<u8> {
    let mut algorithm = Reader::new(Counting::KEY_ALGORITHM.as_ref());
    algorithm.read(tag::OBJECT_IDENTIFIER);
    algorithm.rest().to_vec()
}

const POINT: [u8; 5] = [4, 7, 8, 7, 8];

fn reads(der: &[u8]) -> bool {
    let secret = secret::<Counting>(der, from_sec1);
    secret.is_some_and(|secret| secret.0 == [7, 8])
}

#[test]
fn a_key_costs_one_multiplication_whatever_it_says_of_its_point() {
    for point in [None, Some(&POINT[..]), Some(&[2, 7, 8])] {
        let key = sec1(Some(&p256()), point);
        let document = pkcs8(Counting::KEY_ALGORITHM.as_ref(), &key, &[]);
        MULTIPLICATIONS.set(0);
        let secret = secret::<Counting>(&document, from_pkcs8);
        assert!(secret.is_some(), "{point:?}");
        assert_eq!(MULTIPLICATIONS.get(), 1);
    }
}

#[test]
fn what_is_optional_may_be_missing() {
    let curve = p256();
    for parameters in [None, Some(&curve[..])] {
        for point in [None, Some(&POINT[..])] {
            assert!(reads(&sec1(parameters, point)), "{parameters:?} {point:?}");
        }
    }
}

#[test]
fn another_point_is_not_the_keys() {
    for point in [
        &[4, 7, 8, 7, 9][..],
        &[3, 7, 8],
        &[2, 7, 9],
        &[2, 7],
        &[2, 7, 8, 7, 8],
        &[4, 7, 8],
        &[7, 8, 7, 8],
        &[0],
        &[],
    ] {
        assert!(!reads(&sec1(None, Some(point))), "{point:?}");
    }
}

#[test]
fn another_curve_is_not_this_one() {
    let curve = p256();
    for parameters in [&curve[1..], &curve[..curve.len() - 1], &[5, 0], &[]] {
        assert!(!reads(&sec1(Some(parameters), None)), "{parameters:?}");
    }
    let algorithm = alg_id::ECDSA_P384;
    let document = pkcs8(algorithm.as_ref(), &sec1(None, None), &[]);
    assert!(secret::<Counting>(&document, from_pkcs8).is_none());
}

#[test]
fn a_document_is_whole_and_no_more_than_that() {
    let key = sec1(None, Some(&POINT));
    assert!(!reads(&[&key[..], &[0]].concat()));
    for len in 0..key.len() {
        assert!(!reads(&key[..len]), "{len}");
    }
    for (at, wrong) in [(2, 4), (4, 2), (5, 2)] {
        let mut other = key.clone();
        other[at] = wrong;
        assert!(!reads(&other), "{at}");
    }
    let algorithm = Counting::KEY_ALGORITHM;
    let attributes = element(0xa0, &[]);
    let document = pkcs8(algorithm.as_ref(), &key, &attributes);
    assert!(secret::<Counting>(&document, from_pkcs8).is_some());
    let mut other = document.clone();
    other[4] = 2;
    assert!(secret::<Counting>(&other, from_pkcs8).is_none(), "version");
    assert!(secret::<Counting>(&[0x30, 0], from_pkcs8).is_none());
}
