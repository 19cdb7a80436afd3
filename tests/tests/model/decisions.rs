//! Calls that decide, with ids that are open, answered, or another connection's.

use std::sync::LazyLock;

use proptest::prelude::*;
use sslcore::{Alert, Event, RequestId, ReviewId, UsageError, Verdict};
use sslcore_tests::pair::{End, Pair};

use crate::outcomes::{Configs, Model, configs};

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
}

pub(crate) fn decisions() -> impl Strategy<Value = Decision> {
    prop_oneof![
        4 => any::<bool>().prop_map(Decision::AnswerOpen),
        1 => Just(Decision::AcceptWithoutErrors),
        1 => Just(Decision::AnswerStale),
        4 => any::<bool>().prop_map(Decision::ProvideOpen),
        1 => Just(Decision::RefuseWith),
        1 => any::<bool>().prop_map(Decision::ProvideStale),
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
    };
    Ok(outcome.is_err())
}

/// The id of its own request, or another connection's.
fn request_id(end: &End) -> RequestId {
    static FOREIGN: LazyLock<RequestId> = LazyLock::new(|| {
        let configs = configs(7, true, false);
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
        let configs = configs(7, true, true);
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
