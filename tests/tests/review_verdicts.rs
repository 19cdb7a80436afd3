//! What a careless or clever caller may conclude from a review (rules R1, R13).

use sslcore::Event;
use sslcore_tests::pair::{Pair, backend, client, server};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

#[test]
fn a_client_is_told_of_a_certificate_request_only_when_there_is_one() {
    for version in VERSIONS {
        for fragment in [32, 40, 52, 16384] {
            let client = client(backend())
                .protocols(&[version])
                .max_fragment(fragment)
                .session_cache(0)
                .build()
                .expect("client");
            let server = server(backend())
                .protocols(&[version])
                .verify_mode(sslcore::VerifyMode::None)
                .build()
                .expect("server");
            // In TLS 1.2 what follows ChangeCipherSpec begins with a random byte.
            for _ in 0..300 {
                let pair = Pair::encrypted(&client, &server);
                assert!(
                    !pair.client.saw(Event::ClientCertificateRequested),
                    "{version} {fragment}"
                );
            }
        }
    }
}
