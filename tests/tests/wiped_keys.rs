//! What reading, copying and dropping private keys leaves behind in memory: nothing of them.

use std::hint::black_box;

use rustls_pki_types::PrivateKeyDer;
use sslcore::PrivateKey;
use sslcore_tests::certs::{PKCS_RSA_SHA256, WORLD};
use sslcore_tests::wiped::{Watched, left_behind};

#[global_allocator]
static WATCHED: Watched = Watched;

#[test]
fn nothing_of_a_private_key_is_left_behind() {
    for identity in [
        &WORLD.server,
        &WORLD.ca.leaf_of(&PKCS_RSA_SHA256, &["server.test"]),
    ] {
        let (key, text) = (identity.key(), identity.key_pem());
        let (der, damaged) = (key.secret_der(), text.replace("-----END", "----"));
        // From the secret's own part, which begins with the 36th byte of the shorter one.
        let secrets = || {
            let line = text.lines().nth(1).expect("base64").as_bytes();
            vec![
                der[40..56].to_vec(),
                der[der.len() / 2..].to_vec(),
                line[48..64].to_vec(),
            ]
        };
        let read = || PrivateKey::from_der(der).expect("a key");
        // It finds what is dropped as it is.
        let careless = left_behind(secrets(), || drop(black_box(der.to_vec())));
        assert_eq!(careless, 1);
        let careless = left_behind(secrets(), || drop(black_box(text.clone())));
        assert_eq!(careless, 1);

        for (what, work) in [
            ("DER", &(|| drop(read())) as &dyn Fn()),
            ("PEM", &|| drop(PrivateKey::from_pem(text.as_bytes()))),
            ("damaged PEM", &|| {
                drop(PrivateKey::from_pem(damaged.as_bytes()))
            }),
            ("damaged DER", &|| drop(PrivateKey::from_der(&der[1..]))),
            ("a copy", &|| drop(read().clone_key())),
            ("as it is for rustls", &|| {
                let key = PrivateKeyDer::from(read());
                drop(PrivateKey::try_from(key));
            }),
        ] {
            assert_eq!(left_behind(secrets(), work), 0, "{what}");
        }
    }
}
