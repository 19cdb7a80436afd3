//! How much a test tries.

/// How many cases a property is tried with: what `PROPTEST_CASES` says, for long runs, or so many for
/// every day.
pub fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
