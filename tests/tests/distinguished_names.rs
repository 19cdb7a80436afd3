//! Names in certificates, as they are encoded in the wild, and the text of RFC 4514.

use rcgen::KeyPair;
use sslcore::{Attribute, Certificate, DistinguishedName};
use sslcore_tests::chains::{HOST, Made, NamePart, distinguished_name, element, field, leaf};

const CN: &[u8] = &[0x55, 4, 3];
const OU: &[u8] = &[0x55, 4, 11];
const O: &[u8] = &[0x55, 4, 10];
const UID: &[u8] = b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01";
const DC: &[u8] = b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19";

const UTF8: u8 = 0x0c;
const NUMERIC: u8 = 0x12;
const PRINTABLE: u8 = 0x13;
const T61: u8 = 0x14;
const IA5: u8 = 0x16;
const VISIBLE: u8 = 0x1a;
const UNIVERSAL: u8 = 0x1c;
const BMP: u8 = 0x1e;

fn named(parts: &[NamePart<'_>]) -> Certificate {
    let made = Made::self_signed(leaf(&[HOST]));
    let key = KeyPair::generate().expect("key");
    let named = made.with_fields(&key, |fields| {
        fields[field::SUBJECT] = distinguished_name(parts);
    });
    Certificate::from_der(named.der)
}

fn text(parts: &[NamePart<'_>]) -> String {
    named(parts).subject().expect("a subject").to_string()
}

fn values(name: &DistinguishedName<'_>, attribute: &str) -> Vec<String> {
    name.values(attribute).map(Into::into).collect()
}

#[test]
fn the_examples_of_rfc_4514_are_written_as_there() {
    let net: [NamePart<'_>; 2] = [&[(DC, IA5, b"net")], &[(DC, IA5, b"example")]];
    let under_net = |part| [&net[..], &[part]].concat();
    for (name, written) in [
        (
            under_net(&[(UID, UTF8, b"jsmith")]),
            "UID=jsmith,DC=example,DC=net",
        ),
        (
            under_net(&[(OU, UTF8, b"Sales"), (CN, UTF8, b"J.  Smith")]),
            "OU=Sales+CN=J.  Smith,DC=example,DC=net",
        ),
        (
            under_net(&[(CN, PRINTABLE, b"James \"Jim\" Smith, III")]),
            r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#,
        ),
        (
            under_net(&[(CN, UTF8, b"Before\rAfter")]),
            r"CN=Before\0DAfter,DC=example,DC=net",
        ),
        (
            vec![&[(&b"\x2b\x06\x01\x04\x01\x8b\x3a\x00"[..], 4, &b"Hi"[..])]],
            "1.3.6.1.4.1.1466.0=#04024869",
        ),
        (vec![&[(CN, UTF8, "Lučić".as_bytes())]], "CN=Lučić"),
    ] {
        assert_eq!(text(&name), written);
    }
}

#[test]
fn what_could_be_taken_for_a_separator_is_escaped() {
    for (value, written) in [
        (" a ", r"CN=\ a\ "),
        (" ", r"CN=\ "),
        ("#a#", r"CN=\#a#"),
        ("a+b;c<d>e\\f=g", r"CN=a\+b\;c\<d\>e\\f\=g"),
        ("", "CN="),
        // A slash separates nothing here.
        ("name/with/slashes", "CN=name/with/slashes"),
        ("\u{7f}\u{85}\u{feff}", r"CN=\7F\C2\85\EF\BB\BF"),
    ] {
        assert_eq!(text(&[&[(CN, UTF8, value.as_bytes())]]), written);
    }
}

#[test]
fn an_attribute_has_all_of_its_values_also_those_in_one_part() {
    let certificate = named(&[
        &[(O, UTF8, b"Example")],
        &[(OU, UTF8, b"Mail"), (OU, T61, b"Post"), (CN, UTF8, b"one")],
        &[(CN, UTF8, b"two")],
    ]);
    let name = certificate.subject().expect("a subject");
    assert_eq!(values(&name, "O"), ["Example"]);
    assert_eq!(values(&name, "OU"), ["Mail", "Post"]);
    assert_eq!(values(&name, "CN"), ["one", "two"]);
    assert_eq!(values(&name, "L"), [""; 0]);
    let names: Vec<_> = name.attributes().map(|it| it.name()).collect();
    let wanted = ["O", "OU", "OU", "CN", "CN"];
    assert_eq!(names, wanted.map(Some));
    assert_eq!(name.to_string(), "CN=two,OU=Mail+OU=Post+CN=one,O=Example");
    assert_eq!(certificate.common_name(), Some("one"));
}

#[test]
fn every_type_of_string_is_text() {
    for (kind, value, wanted) in [
        (UTF8, "żółw 🐢".as_bytes(), "żółw 🐢"),
        (PRINTABLE, b"turtle", "turtle"),
        (NUMERIC, b"1 2", "1 2"),
        (IA5, b"a@b", "a@b"),
        (VISIBLE, b"turtle", "turtle"),
        // What is found in T61 is Latin-1.
        (T61, b"M\xfcller", "Müller"),
        (BMP, b"\0M\0\xfc", "Mü"),
        (BMP, b"\xd8\x3d\xdc\x22", "🐢"),
        (UNIVERSAL, b"\0\0\0M\0\x01\xf4\x22", "M🐢"),
    ] {
        let certificate = named(&[&[(CN, kind, value)]]);
        let name = certificate.subject().expect("a subject");
        assert_eq!(values(&name, "CN"), [wanted], "{kind:#x}");
        assert_eq!(name.to_string(), format!("CN={wanted}"), "{kind:#x}");
    }
}

#[test]
fn what_is_not_text_has_no_value_and_is_shown_whole() {
    for (kind, value, written) in [
        (UTF8, &b"\xff"[..], "CN=#0c01ff"),
        (PRINTABLE, b"\xc3", "CN=#1301c3"),
        (BMP, b"\0M\0", "CN=#1e03004d00"),
        (BMP, b"\xd8\x3d", "CN=#1e02d83d"),
        (UNIVERSAL, b"\0\x11\0\0", "CN=#1c0400110000"),
        (2, b"\x01", "CN=#020101"),
    ] {
        let certificate = named(&[&[(CN, kind, value)], &[(CN, UTF8, b"other")]]);
        let name = certificate.subject().expect("a subject");
        assert_eq!(name.to_string(), format!("CN=other,{written}"));
        assert_eq!(values(&name, "CN"), ["other"]);
        assert_eq!(name.attributes().filter_map(|it| it.value()).count(), 1);
        assert_eq!(certificate.common_name(), Some("other"));
    }
}

#[test]
fn a_name_ends_where_it_cannot_be_read() {
    let whole = named(&[&[(CN, UTF8, b"one")], &[(O, UTF8, b"two")]]);
    let der = whole.subject().expect("a subject").der().to_vec();
    // The second part is no set, its attribute no sequence, its type no identifier.
    for at in [16, 18, 20] {
        let mut broken = der.clone();
        broken[at] = 5;
        let made = Made::self_signed(leaf(&[HOST]));
        let key = KeyPair::generate().expect("key");
        let broken = made.with_fields(&key, |fields| fields[field::SUBJECT] = broken);
        let certificate = Certificate::from_der(broken.der);
        let name = certificate.subject().expect("a subject");
        assert_eq!(name.attributes().count(), 1, "{at}");
        assert!(name.to_string().ends_with("CN=one"), "{name}");
    }
}

#[test]
fn a_name_without_parts_is_an_empty_text() {
    let certificate = named(&[]);
    let name = certificate.subject().expect("a subject");
    assert_eq!(
        (name.to_string(), name.attributes().count()),
        (String::new(), 0)
    );
    assert_eq!(certificate.common_name(), None);
}

#[test]
fn an_unknown_attribute_is_shown_by_its_number() {
    // 1.3.6.1.4.1.311.60.2.1.3: in which country a company is registered.
    let id = b"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03";
    let certificate = named(&[&[(id, PRINTABLE, b"GB")]]);
    let name = certificate.subject().expect("a subject");
    let attribute: Attribute<'_> = name.attributes().next().expect("an attribute");
    assert_eq!(attribute.name(), None);
    assert_eq!(attribute.value().as_deref(), Some("GB"));
    assert_eq!(attribute.to_string(), "1.3.6.1.4.1.311.60.2.1.3=#13024742");
    // No number in use is as long as this one.
    let endless = [&[0x2a][..], &[0xff; 30], &[0x7f]].concat();
    let shown = text(&[&[(&endless, UTF8, b"x")]]);
    assert_eq!(shown, format!("1.2.{}=#0c0178", u64::MAX));
}

#[test]
fn names_are_the_same_whatever_they_are_encoded_in() {
    let same = |one: &[NamePart<'_>], other: &[NamePart<'_>]| {
        let names = [distinguished_name(one), distinguished_name(other)];
        let [one, other] = [&names[0], &names[1]].map(|der| DistinguishedName::from_der(der));
        assert_eq!(one.is_same(&other), other.is_same(&one), "{one} {other}");
        one.is_same(&other)
    };
    for value in [
        (UTF8, &b"Big Root"[..]),
        (PRINTABLE, b"big  rOOT"),
        (IA5, b" BIG ROOT "),
        (T61, b"Big\tRoot"),
        (UTF8, "Big\u{a0}Ro\u{ad}ot\u{200b}".as_bytes()),
        (UTF8, "Big \u{ad}\u{200b}root".as_bytes()),
        (
            UTF8,
            "\u{200b} \u{ad} Big\u{feff} \u{200b} root \u{200b} ".as_bytes(),
        ),
        (BMP, b"\0B\0i\0g\0 \0R\0o\0o\0t"),
    ] {
        let country = (&[0x55, 4, 6][..], PRINTABLE, &b"PL"[..]);
        let one = [&[country][..], &[(CN, value.0, value.1), (O, UTF8, b"x")]];
        // Sets are in the order of their encoding.
        let other: [NamePart<'_>; 2] =
            [&[country], &[(O, PRINTABLE, b"X"), (CN, UTF8, b"Big Root")]];
        assert!(same(&one, &other), "{value:?}");
    }
    let [upper, lower] = ["ŻÓŁW STRASSE ΟΔΟΣ УЛИЦА", "żółw straße οδος улица"].map(str::as_bytes);
    assert!(same(&[&[(CN, UTF8, upper)]], &[&[(CN, UTF8, lower)]]));
    let capital = "ŻÓŁW STRAẞE ΟΔΌΣ УЛИЦА".as_bytes();
    assert!(!same(&[&[(CN, UTF8, upper)]], &[&[(CN, UTF8, capital)]]));
    let capital = "ŻÓŁW STRAẞE ΟΔΟΣ УЛИЦА".as_bytes();
    assert!(same(&[&[(CN, UTF8, upper)]], &[&[(CN, UTF8, capital)]]));
    assert!(same(
        &[&[(CN, UTF8, "Müller".as_bytes())]],
        &[&[(CN, T61, b"M\xdcLLER")]]
    ));
    let one: [NamePart<'_>; 2] = [&[(O, UTF8, b"a")], &[(CN, UTF8, b"b c")]];
    for other in [
        &[&[(O, UTF8, &b"a"[..])][..], &[(CN, UTF8, b"bc")]][..],
        &[&[(O, UTF8, b"a")], &[(CN, UTF8, b" b")]],
        &[&[(O, UTF8, b"a")], &[(OU, UTF8, b"b c")]],
        &[&[(CN, UTF8, b"b c")], &[(O, UTF8, b"a")]],
        &[&[(O, UTF8, b"a"), (CN, UTF8, b"b c")]],
        &[&[(O, UTF8, b"a")]],
        &[
            &[(O, UTF8, b"a")],
            &[(CN, UTF8, b"b c")],
            &[(CN, UTF8, b"b c")],
        ],
        &[
            &[(O, UTF8, b"a")],
            &[(CN, UTF8, b"b c"), (OU, UTF8, b"b c")],
        ],
        &[&[(O, UTF8, b"a")], &[(CN, UTF8, b"b c \xff")]],
        &[],
    ] {
        assert!(!same(&one, other));
    }
}

#[test]
fn what_cannot_be_read_of_a_name_is_the_same_only_byte_for_byte() {
    let name = |part: &[u8], rest: &[u8]| {
        let part = element(0x31, &[&element(0x30, part)[..], rest].concat());
        element(0x30, &part)
    };
    let cn = [&element(6, CN)[..], &element(UTF8, b"a")].concat();
    let other = [&element(6, CN)[..], &element(UTF8, b"A")].concat();
    let same = |one: &[u8], other: &[u8]| {
        DistinguishedName::from_der(one).is_same(&DistinguishedName::from_der(other))
    };
    assert!(same(&name(&cn, &[]), &name(&other, &[])));
    assert!(same(&name(&cn, &[5]), &name(&cn, &[5])));
    assert!(!same(&name(&cn, &[5]), &name(&other, &[5])));
    let longer = [&other[..], &[5, 0]].concat();
    assert!(!same(&name(&cn, &[]), &name(&longer, &[])));
    let tail = |name: &[u8]| [&element(0x30, &[&name[2..], &[5, 0]].concat())[..]].concat();
    assert!(!same(&tail(&name(&cn, &[])), &tail(&name(&other, &[]))));
    assert!(!same(&[], &name(&cn, &[])) && same(&[], &[]));
    // Not attribute by attribute, however many there are.
    let many = |value| {
        let attribute = element(0x30, &[&element(6, CN)[..], &element(UTF8, value)].concat());
        element(0x30, &element(0x31, &attribute.repeat(9)))
    };
    assert!(!same(&many(b"a"), &many(b"A")) && same(&many(b"a"), &many(b"a")));
}
