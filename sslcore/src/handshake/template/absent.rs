//! Templates of a role that the build leaves out: nobody has one.

use alloc::boxed::Box;

#[cfg(not(feature = "client"))]
use rustls_pki_types::ServerName;

use crate::failure::Failure;
use crate::handshake::Engine;
#[cfg(not(feature = "server"))]
use crate::handshake::wire::client_hello::HelloMessage;
use crate::time::Now;

#[cfg(not(feature = "client"))]
pub(crate) enum ClientTemplate {}

#[cfg(not(feature = "client"))]
impl ClientTemplate {
    pub(crate) fn engine(
        &self,
        _: ServerName<'static>,
        _: bool,
        _: bool,
        _: usize,
        _: Now,
    ) -> Result<Box<dyn Engine>, Failure> {
        match *self {}
    }
}

#[cfg(not(feature = "server"))]
pub(crate) enum ServerTemplate {}

#[cfg(not(feature = "server"))]
impl ServerTemplate {
    pub(crate) fn engine(
        &self,
        _: HelloMessage,
        _: usize,
        _: Now,
    ) -> Result<Box<dyn Engine>, Failure> {
        match *self {}
    }
}
