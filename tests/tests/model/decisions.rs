//! Calls that decide, with ids that are open, answered, or another connection's.

use std::sync::LazyLock;

use proptest::prelude::*;
use sslcore::{
    Alert, Event, RequestId, ReviewId, SignError, Signature, SignatureError, SignatureId, Signer,
    UsageError, Verdict,
};
use sslcore_tests::entropy::seeded;
use sslcore_tests::module::Module;
use sslcore_tests::pair::{End, Pair};

use crate::configs::{Asked, Configs, SCHEMES, configs};
use crate::outcomes::Model;

/// A decision of the application.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// About the certificate: to accept it, or not.
    AnswerOpen(bool),
    /// Accepts it as if it had no errors, which it has.
    AcceptWithoutErrors,
    /// With an id that is not open.
    AnswerStale,
    /// About the configuration: to give one, or none.
    ProvideOpen(bool),
    /// Gives none, and says why.
    RefuseWith,
    /// With an id that is not open.
    ProvideStale(bool),
    /// To sign, or not.
    SignOpen(bool),
    /// With what no key of this kind signs.
    SignUnfit,
    /// With an id that is not open.
    SignStale(bool),
}

pub(crate) fn decisions() -> impl Strategy<Value = Decision> {
    prop_oneof![
        4 => any::<bool>().prop_map(Decision::AnswerOpen),
        1 => Just(Decision::AcceptWithoutErrors),
        1 => Just(Decision::AnswerStale),
        4 => any::<bool>().prop_map(Decision::ProvideOpen),
        1 => Just(Decision::RefuseWith),
        1 => any::<bool>().prop_map(Decision::ProvideStale),
        4 => any::<bool>().prop_map(Decision::SignOpen),
        1 => Just(Decision::SignUnfit),
        1 => any::<bool>().prop_map(Decision::SignStale),
    ]
}

/// Makes the call. Whether it was refused.
pub(crate) fn decide(
    end: &mut End,
    model: &mut Model,
    decision: &Decision,
    configs: &Configs,
) -> Result<bool, TestCaseError> {
    let review = end.conn.review().map(|review| review.id);
    let request = end.conn.config_request().map(|request| request.id);
    let outcome = match decision {
        Decision::AnswerOpen(_) | Decision::AcceptWithoutErrors => {
            let verdict = match decision {
                Decision::AnswerOpen(true) => Verdict::Accept,
                Decision::AnswerOpen(false) => Verdict::RejectWith(Alert::AccessDenied),
                _ => Verdict::AcceptOnly(&[]),
            };
            // The id of a decision that was never opened is as good as any while none is.
            let id = review.unwrap_or_else(|| some_id(end));
            let outcome = end.conn.answer(id, verdict);
            match review {
                Some(_) => prop_assert_eq!(outcome, Ok(())),
                None if model.answered => prop_assert!(outcome.is_err()),
                None => prop_assert_eq!(outcome, Err(UsageError::NoDecisionOpen)),
            }
            model.answered |= outcome.is_ok();
            outcome
        }
        Decision::AnswerStale => {
            let stale = some_id(end);
            if review == Some(stale) {
                return Ok(false);
            }
            let outcome = end.conn.answer(stale, Verdict::Accept);
            prop_assert!(outcome.is_err());
            outcome
        }
        Decision::ProvideOpen(_) | Decision::RefuseWith => {
            let Some(id) = request else {
                return Ok(false);
            };
            let outcome = match decision {
                Decision::ProvideOpen(true) => end.conn.provide_config(id, &configs.server),
                Decision::ProvideOpen(false) => end.conn.refuse_config(id),
                _ => end.conn.refuse_config_with(id, Alert::UnrecognizedName),
            };
            prop_assert!(outcome.is_ok() || outcome == Err(UsageError::Stale));
            outcome
        }
        Decision::ProvideStale(provide) => {
            if request.is_some() {
                return Ok(false);
            }
            let id = request_id(end);
            let outcome = match provide {
                true => end.conn.provide_config(id, &configs.server),
                false => end.conn.refuse_config(id),
            };
            let refused = [Err(UsageError::NoDecisionOpen), Err(UsageError::Stale)];
            prop_assert!(refused.contains(&outcome), "{outcome:?}");
            outcome
        }
        Decision::SignOpen(signs) => {
            let Some((id, signature)) = signed(end, configs) else {
                return Ok(false);
            };
            let outcome = match signs {
                true => end.conn.provide_signature(id, Signature::Der(&signature)),
                false => end.conn.refuse_signature(id, refusal()),
            };
            prop_assert_eq!(outcome, Ok(()));
            outcome
        }
        Decision::SignUnfit => {
            let Some((id, signature)) = signed(end, configs) else {
                return Ok(false);
            };
            let outcome = end.conn.provide_signature(id, Signature::Plain(&signature));
            prop_assert_eq!(outcome, Err(UsageError::Signature(SignatureError::Form)));
            outcome
        }
        Decision::SignStale(signs) => {
            if end.conn.signature_request().is_some() {
                return Ok(false);
            }
            let id = signature_id(end);
            let outcome = match signs {
                true => end.conn.provide_signature(id, Signature::Der(&[])),
                false => end.conn.refuse_signature(id, refusal()),
            };
            let refused = [Err(UsageError::NoDecisionOpen), Err(UsageError::Stale)];
            prop_assert!(refused.contains(&outcome), "{outcome:?}");
            outcome
        }
    };
    Ok(outcome.is_err())
}

/// The open question's id, and the signature that answers it.
fn signed(end: &End, configs: &Configs) -> Option<(SignatureId, Vec<u8>)> {
    let request = end.conn.signature_request()?;
    // The same each time, as in RFC 6979.
    let module = Module::holding(&seeded(7), configs.key.clone_key(), SCHEMES);
    let signature = module.sign(request.scheme, request.message);
    Some((request.id, signature.expect("it signs")))
}

fn refusal() -> SignError {
    SignError::new("the module was taken out")
}

/// The id of its own question, or another connection's.
fn signature_id(end: &End) -> SignatureId {
    static FOREIGN: LazyLock<SignatureId> = LazyLock::new(|| {
        let configs = configs(7, true, Asked::SIGNATURE);
        let mut pair = Pair::tls(&configs.client, &configs.server);
        pair.run();
        pair.server.conn.signature_request().expect("open").id
    });
    let own = end.events.iter().find_map(|event| match event {
        Event::SignatureRequired(id) => Some(*id),
        _ => None,
    });
    own.unwrap_or(*FOREIGN)
}

/// The id of its own request, or another connection's.
fn request_id(end: &End) -> RequestId {
    static FOREIGN: LazyLock<RequestId> = LazyLock::new(|| {
        let configs = configs(7, true, Asked::NOTHING);
        let mut pair = Pair::default();
        let start = sslcore::ServerStart::Ask {
            fallback: configs.server,
        };
        pair.server
            .conn
            .start_server_encryption(start)
            .expect("plain");
        let name = sslcore_tests::pair::server_name();
        let conn = &mut pair.client.conn;
        conn.start_client_encryption(&configs.client, name)
            .expect("plain");
        pair.run();
        pair.server.conn.config_request().expect("open").id
    });
    let own = end.events.iter().find_map(|event| match event {
        Event::ConfigRequired(id) => Some(*id),
        _ => None,
    });
    own.unwrap_or(*FOREIGN)
}

/// An id that some review once had, or one that none had yet.
fn some_id(end: &End) -> ReviewId {
    static FOREIGN: LazyLock<ReviewId> = LazyLock::new(|| {
        let configs = configs(7, true, Asked::REVIEW);
        let mut pair = Pair::tls(&configs.client, &configs.server);
        pair.run();
        pair.client.conn.review().expect("open").id
    });
    let seen = end.events.iter().find_map(|event| match event {
        Event::SslErrors(id) => Some(*id),
        _ => None,
    });
    seen.unwrap_or(*FOREIGN)
}
