//! How it ends when it does not end well.

use std::fmt;

/// Why the program does not exit with 0.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// A flag, or a value of one, that is not supported.
    Unsupported(String),
    /// Something was not as the flags say, or the connection failed.
    Failed(String),
}

impl Trouble {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }

    pub(crate) fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unsupported(_) => 89,
            Self::Failed(_) => 1,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl From<sslcore::UsageError> for Trouble {
    fn from(error: sslcore::UsageError) -> Self {
        Self::failed(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}
