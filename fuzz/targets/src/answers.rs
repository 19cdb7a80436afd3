//! What an application answers when a connection asks. Behind each answer the rules are looked at.

use sslcore::{Alert, ServerConfig, Signature, Signer, SslError, UsageError, Verdict};

use crate::configs::Choice;
use crate::signing::{Signing, refusal};
use crate::watched::Watched;

impl Watched {
    /// Answers an open review as a byte says. Whether there was one.
    pub(crate) fn judge(&mut self, how: u8) -> bool {
        let Some(id) = self.conn.review().map(|review| review.id) else {
            return false;
        };
        let errors = self.conn.ssl_errors().iter();
        let some: Vec<SslError> = errors.take(usize::from(how >> 4)).cloned().collect();
        let verdict = match how & 3 {
            0 => Verdict::Accept,
            1 => Verdict::AcceptOnly(&some),
            2 => Verdict::Reject,
            _ => Verdict::RejectWith(Alert::from_code(how >> 2)),
        };
        let answered = self.conn.answer(id, verdict);
        self.decided(answered, how & 3 >= 2);
        true
    }

    /// Answers an open question for a server's configuration with this one, or refuses. Whether there was
    /// one.
    pub(crate) fn configure(&mut self, how: u8, config: impl FnOnce() -> ServerConfig) -> bool {
        let Some(id) = self.conn.config_request().map(|request| request.id) else {
            return false;
        };
        let refuses = how & 1 == 1;
        let answered = match refuses {
            true => self.conn.refuse_config(id),
            false => self.conn.provide_config(id, &config()),
        };
        self.decided(answered, refuses);
        true
    }

    /// Answers an open question for pre-shared keys with all that there are, with one, or with none.
    /// Whether there was one.
    pub(crate) fn give_keys(&mut self, how: u8, choice: Choice) -> bool {
        let Some(id) = self.conn.psk_request().map(|request| request.id) else {
            return false;
        };
        let keys = choice.keys();
        let answered = match how & 3 {
            1 => self.conn.refuse_psk(id),
            2 => self.conn.provide_psk(id, &keys[..1]),
            _ => self.conn.provide_psk(id, &keys),
        };
        // Who has none may go on, to fail as with a wrong one.
        self.decided(answered, false);
        true
    }

    /// Answers an open question for a signature. Whether there was one.
    pub(crate) fn sign(&mut self, how: Signing, choice: Choice) -> bool {
        let Some(request) = self.conn.signature_request() else {
            return false;
        };
        let (id, hand) = (request.id, choice.hand(false));
        let signed = hand.sign(request.scheme, request.message);
        let mut signature = signed.expect("it does not refuse");
        if how == Signing::Refused {
            let answered = self.conn.refuse_signature(id, refusal());
            self.decided(answered, true);
            return true;
        }
        if how == Signing::Clumsily {
            for unfit in [
                Signature::Plain(&signature),
                Signature::Concatenated(&signature[1..]),
                Signature::Concatenated(&[0; 64]),
                Signature::Der(&signature[1..]),
            ] {
                let refused = self.conn.provide_signature(id, unfit);
                assert!(
                    matches!(refused, Err(UsageError::Signature(_))),
                    "{refused:?}"
                );
                let open = self.conn.signature_request().map(|request| request.id);
                assert_eq!(open, Some(id), "R7");
                self.check();
            }
            return true;
        }
        if let (Signing::Wrongly, Some(last)) = (how, signature.last_mut()) {
            *last ^= 1;
        }
        let answered = self.conn.provide_signature(id, hand.form(&signature));
        self.decided(answered, false);
        let again = self.conn.provide_signature(id, hand.form(&signature));
        assert_eq!(again, Err(UsageError::Stale), "R7");
        true
    }

    /// Answers everything so that it goes on.
    pub(crate) fn accept(&mut self, choice: Choice) {
        self.give_keys(0, choice);
        self.judge(0);
        self.sign(Signing::Rightly, choice);
    }

    fn decided(&mut self, answered: Result<(), UsageError>, refuses: bool) {
        assert_eq!(answered, Ok(()), "it was open");
        if refuses {
            self.refuse();
        }
        self.check();
    }
}
