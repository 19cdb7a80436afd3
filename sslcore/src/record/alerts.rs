//! Alerts of the peer's, in the handshake and after it.

use crate::alert::Alert;
use crate::failure::{Failure, FailureKind, Repeated};
use crate::limits;
use crate::protocol::SslProtocol;

/// What an alert that ends nothing says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    CloseNotify,
    Warning(Alert),
}

/// Reads the peer's alerts and counts its warnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alerts {
    warnings: u32,
}

impl Alerts {
    /// Reads the content of one alert record (RFC 8446 §6, RFC 5246 §7.2). `version` is `None`
    /// while it is not negotiated.
    ///
    /// # Errors
    /// The fatal alert as [`FailureKind::AlertReceived`], and what is wrong with one that cannot be
    /// read: each alert is whole in its record, and the only one in it (RFC 8446 §5.1).
    pub(crate) fn read(
        &mut self,
        content: &[u8],
        version: Option<SslProtocol>,
    ) -> Result<Notice, Failure> {
        let (level, alert) = match content {
            [] => {
                return Err(
                    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
                        .because("an empty alert record"),
                );
            }
            [level, code] => (*level, Alert::from_code(*code)),
            _ => return Err(malformed("an alert has two bytes")),
        };
        if alert == Alert::CloseNotify {
            return Ok(Notice::CloseNotify);
        }
        match level {
            1 => {
                self.warnings += 1;
                if self.warnings > limits::WARNING_ALERTS {
                    let kind = FailureKind::TooMuchOf(Repeated::WarningAlerts);
                    return Err(Failure::new(kind, Alert::UnexpectedMessage));
                }
                // RFC 8446 §6: user_canceled is the only warning left in TLS 1.3.
                if version == Some(SslProtocol::TlsV1_3) && alert != Alert::UserCanceled {
                    return Err(malformed("a warning alert in TLS 1.3"));
                }
                Ok(Notice::Warning(alert))
            }
            2 => Err(Failure::silent(FailureKind::AlertReceived(alert))),
            _ => Err(
                Failure::new(FailureKind::PeerMisbehaved, Alert::IllegalParameter)
                    .because(format_args!("alert level {level}")),
            ),
        }
    }
}

fn malformed(detail: &str) -> Failure {
    Failure::new(FailureKind::MalformedMessage, Alert::DecodeError).because(detail)
}
