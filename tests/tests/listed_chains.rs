//! The chains of the list that others judge, too, judged by us.

use std::time::Duration;

use sslcore::{Certificate, ClientConfig, PeerName, UnixTime};
use sslcore_tests::cases::cases;
use sslcore_tests::certs::NOW;
use sslcore_tests::chains::HOST;
use sslcore_tests::pair::backend;

#[test]
fn every_chain_of_the_list_has_its_errors_and_no_others() {
    let host = PeerName::new(HOST).expect("a name");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    for case in cases() {
        let config = ClientConfig::builder(backend())
            .trust_anchors(case.anchors.clone())
            .revocation_lists(case.lists.clone(), !case.lists.is_empty());
        let config = config.build().expect("a configuration");
        let errors = config.verify_chain(&case.chain, Some(&host), Some(now));
        for error in &errors {
            let its_own = error.certificate().map(Certificate::der);
            assert_eq!(its_own, Some(&case.chain[error.depth()]), "{error}");
        }
        let found: Vec<_> = errors.iter().map(|it| (it.kind(), it.depth())).collect();
        assert_eq!(found, case.errors, "{}", case.name);
    }
}
