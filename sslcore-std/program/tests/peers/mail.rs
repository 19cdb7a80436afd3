//! Postfix and Dovecot.

use sslcore_tests::certs::{Ca, WORLD, pem};
use sslcore_tests::network::alone;
use sslcore_tests::peer::Scratch;
use sslcore_tests::peers::{dovecot, postfix};

use crate::{VERSIONS, connect, finish, start_in};

#[test]
fn postfix_offers_starttls_and_says_goodbye_behind_it() {
    alone(|| {
        let (server, address) = postfix::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "smtp", "--protocol", version];
            connect(address, &options, "EHLO client.test\r\nQUIT\r\n")
                .fine(version)
                .answered(&["250-server.test\r\n", "250 ", "221 2.0.0 Bye\r\n"]);
            server.until_said(&format!(
                "TLS connection established from unknown[127.0.0.1]: {version}"
            ));
        }
    });
}

#[test]
fn postfix_learns_nothing_behind_a_certificate_that_is_refused() {
    alone(|| {
        let (server, address) = postfix::start(&WORLD.server);
        for version in VERSIONS {
            let scratch = Scratch::new();
            let other = pem("CERTIFICATE", &Ca::new("another root").der());
            let other = scratch.file("ca.pem", other);
            let options = ["--ca", &other, "--starttls", "smtp", "--protocol", version];
            let session = finish(start_in(scratch, address, &options));
            session.ended_with(4);
            assert_eq!(session.text(), "");
        }
        server.until("two refusals", |server| {
            server.log().matches("alert unknown ca").count() == 2
        });
        assert!(!server.said("TLS connection established"));
    });
}

#[test]
fn postfix_is_refused_under_a_name_that_its_certificate_does_not_have() {
    alone(|| {
        let (_server, address) = postfix::start(&WORLD.client);
        connect(address, &["--starttls", "smtp"], "QUIT\r\n")
            .ended_with(4)
            .was_told("client.test");
    });
}

#[test]
fn dovecot_speaks_imap_pop3_and_sieve_behind_starttls() {
    alone(|| {
        let (_server, addresses) = dovecot::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "imap", "--protocol", version];
            connect(addresses.imap, &options, "a CAPABILITY\r\nb LOGOUT\r\n")
                .fine(version)
                .answered(&["* CAPABILITY ", "a OK ", "* BYE ", "b OK "]);

            let options = ["--starttls", "pop3", "--protocol", version];
            connect(addresses.pop3, &options, "CAPA\r\nQUIT\r\n")
                .fine(version)
                .answered(&["+OK", "\r\n.\r\n", "+OK Logging out"]);

            // ManageSieve says its capabilities again once TLS is there (RFC 5804 §2.2).
            let options = ["--starttls", "sieve", "--protocol", version];
            connect(addresses.sieve, &options, "LOGOUT\r\n")
                .fine(version)
                .answered(&["\"SIEVE\"", "OK \"TLS", "OK \"Logout"]);
        }
    });
}

#[test]
fn a_password_reaches_dovecot_behind_starttls_and_not_before() {
    alone(|| {
        let (_server, addresses) = dovecot::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "imap", "--protocol", version];
            let login = "a LOGIN someone secret\r\nb LOGOUT\r\n";
            connect(addresses.imap, &options, login)
                .fine(version)
                .answered(&["a OK ", "Logged in", "* BYE ", "b OK "]);
        }
    });
}
