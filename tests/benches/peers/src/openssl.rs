//! OpenSSL with memory BIOs: what one end writes lies in the BIO that the other reads from, so that nothing
//! is copied between them.

use foreign_types::ForeignType;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use openssl_sys as ffi;
use sslcore_tests::certs::WORLD;

use crate::contender::Contender;

unsafe extern "C" {
    // SAFETY: of the library that openssl-sys links, as BIO_up_ref(3) declares it.
    /// One reference more.
    fn BIO_up_ref(bio: *mut ffi::BIO) -> i32;
}

pub(crate) struct OpenSsl {
    client: Ssl,
    server: Ssl,
    plaintext: Box<[u8]>,
}

/// TLS 1.3 with AES-128-GCM alone.
fn context() -> SslContextBuilder {
    let mut context = SslContext::builder(SslMethod::tls()).expect("a context");
    context
        .set_min_proto_version(Some(SslVersion::TLS1_3))
        .expect("a version");
    context
        .set_ciphersuites("TLS_AES_128_GCM_SHA256")
        .expect("a suite");
    context
}

impl OpenSsl {
    pub(crate) fn new() -> Self {
        let mut of_client = context();
        let root = X509::from_der(&WORLD.ca.der()).expect("a certificate");
        of_client.cert_store_mut().add_cert(root).expect("a root");
        of_client.set_verify(SslVerifyMode::PEER);
        let mut of_server = context();
        let leaf = X509::from_der(&WORLD.server.chain[0]).expect("a certificate");
        of_server.set_certificate(&leaf).expect("the server's");
        let key = PKey::private_key_from_der(WORLD.server.key().secret_der()).expect("a key");
        of_server.set_private_key(&key).expect("the server's");
        // As many as this makes would have to be read by the client.
        of_server.set_num_tickets(0).expect("no tickets");

        let mut client = Ssl::new(&of_client.build()).expect("a client");
        client.set_hostname("server.test").expect("a name");
        client
            .param_mut()
            .set_host("server.test")
            .expect("a name that is checked");
        let server = Ssl::new(&of_server.build()).expect("a server");
        // SAFETY: both BIOs are new, each end owns one reference to each, and both ends are alive.
        unsafe {
            let (up, down) = (memory(), memory());
            assert!(BIO_up_ref(up) == 1 && BIO_up_ref(down) == 1);
            ffi::SSL_set_bio(client.as_ptr(), down, up);
            ffi::SSL_set_bio(server.as_ptr(), up, down);
            ffi::SSL_set_connect_state(client.as_ptr());
            ffi::SSL_set_accept_state(server.as_ptr());
            for _ in 0..4 {
                ffi::SSL_do_handshake(client.as_ptr());
                ffi::SSL_do_handshake(server.as_ptr());
            }
        }
        for end in [&client, &server] {
            assert!(end.is_init_finished(), "the handshake of OpenSSL");
            let suite = end.current_cipher().expect("a suite");
            assert_eq!(suite.name(), "TLS_AES_128_GCM_SHA256");
        }
        Self {
            client,
            server,
            plaintext: vec![0; 16 * 1024].into(),
        }
    }
}

/// A BIO in memory, which is empty and says so.
///
/// # Safety
/// It is given to somebody who frees it.
unsafe fn memory() -> *mut ffi::BIO {
    // SAFETY: no arguments, and the result is looked at.
    let bio = unsafe { ffi::BIO_new(ffi::BIO_s_mem()) };
    assert!(!bio.is_null(), "memory");
    bio
}

impl Contender for OpenSsl {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        for piece in data.chunks(write) {
            // SAFETY: the pointer and the length are those of a slice.
            let written = unsafe {
                ffi::SSL_write(
                    self.client.as_ptr(),
                    piece.as_ptr().cast(),
                    piece.len() as i32,
                )
            };
            assert_eq!(written, piece.len() as i32);
        }
        let mut left = data.len();
        while left > 0 {
            // SAFETY: the same of a slice that is written to.
            let read = unsafe {
                ffi::SSL_read(
                    self.server.as_ptr(),
                    self.plaintext.as_mut_ptr().cast(),
                    self.plaintext.len() as i32,
                )
            };
            assert!(read > 0, "a record");
            sink(&self.plaintext[..read as usize]);
            left -= read as usize;
        }
    }
}
