//! What fails when certificates are verified otherwise, in one program, so that it is built and run fast.

#[path = "../tests/diagnosis.rs"]
mod diagnosis;
#[path = "../tests/distinguished_names.rs"]
mod distinguished_names;
#[path = "../tests/equal_settings.rs"]
mod equal_settings;
#[path = "../tests/every_path.rs"]
mod every_path;
#[path = "../tests/hidden_errors.rs"]
mod hidden_errors;
#[path = "../tests/judged_time.rs"]
mod judged_time;
#[path = "../tests/listed_chains.rs"]
mod listed_chains;
#[path = "../tests/name_constraints.rs"]
mod name_constraints;
#[path = "../tests/names.rs"]
mod names;
#[path = "../tests/own_anchors.rs"]
mod own_anchors;
#[path = "../tests/path_search.rs"]
mod path_search;
#[path = "../tests/pins.rs"]
mod pins;
#[path = "../tests/policy.rs"]
mod policy;
#[path = "../tests/precedence.rs"]
mod precedence;
#[path = "../tests/public_key_costs.rs"]
mod public_key_costs;
#[path = "../tests/qt_sslcertificate_judged.rs"]
mod qt_sslcertificate_judged;
#[path = "../tests/qt_sslerror.rs"]
mod qt_sslerror;
#[path = "../tests/qt_verification.rs"]
mod qt_verification;
#[path = "../tests/revocation_list.rs"]
mod revocation_list;
#[path = "../tests/revoked.rs"]
mod revoked;
#[path = "../tests/sentences.rs"]
mod sentences;
#[path = "../tests/stapled.rs"]
mod stapled;
#[path = "../tests/unread_certificates.rs"]
mod unread_certificates;
#[path = "../tests/useless_keys.rs"]
mod useless_keys;
#[path = "../tests/verdict/main.rs"]
mod verdict;
#[path = "../tests/verified_signatures.rs"]
mod verified_signatures;
