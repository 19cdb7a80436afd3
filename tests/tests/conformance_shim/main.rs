//! The conformance shim, with the runner's side played here: what its flags ask for happens, what
//! they expect is checked, and what is not supported is said.

mod asked;
mod expected;
mod refused;
mod runner;
mod supported;
