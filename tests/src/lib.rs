//! Shared builders of the tests.
