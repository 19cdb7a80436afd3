//! vsftpd, OpenLDAP, PostgreSQL and MariaDB.

use sslcore_tests::certs::WORLD;
use sslcore_tests::network::alone;
use sslcore_tests::peers::{mariadb, openldap, postgresql, vsftpd};

use crate::{VERSIONS, connect, finish, start};

#[test]
fn vsftpd_lists_its_features_behind_auth_tls() {
    alone(|| {
        let (_server, address) = vsftpd::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "ftp", "--protocol", version];
            let session = connect(address, &options, "FEAT\r\nQUIT\r\n");
            session.cut_off(version).answered(&[
                "211-Features:",
                " AUTH TLS",
                "211 End",
                "221 Goodbye.",
            ]);
        }
    });
}

#[test]
fn openldap_takes_a_bind_behind_starttls() {
    /// RFC 4511 §4.2: message 7, version 3, no name, an empty password.
    const BIND: &[u8] = b"\x30\x0c\x02\x01\x07\x60\x07\x02\x01\x03\x04\x00\x80\x00";
    /// §4.2.2: message 7, success.
    const BOUND: &[u8] = b"\x30\x0c\x02\x01\x07\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
    /// §4.3: message 8.
    const UNBIND: &[u8] = b"\x30\x05\x02\x01\x08\x42\x00";
    alone(|| {
        let (server, address) = openldap::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "ldap", "--protocol", version];
            let program = start(address, &options);
            program.say(BIND);
            program.until("the answer", |program| program.said_much(BOUND.len()));
            program.say(UNBIND);
            let session = finish(program);
            session.fine(version);
            assert_eq!(session.answer, BOUND);
            server.until_said(&format!(
                "TLS established tls_ssf=256 ssf=256 tls_proto={}",
                version.replace('v', "")
            ));
        }
    });
}

#[test]
fn postgresql_answers_a_query_behind_its_ssl_request() {
    /// A message: its kind, its length with these four bytes, and its contents.
    fn message(kind: &[u8], contents: &[u8]) -> Vec<u8> {
        let len = u32::try_from(contents.len() + 4).expect("a short message");
        [kind, &len.to_be_bytes(), contents].concat()
    }
    /// Version 3.0 of the protocol, and who it is.
    const STARTUP: &[u8] = b"\0\x03\0\0user\0postgres\0\0";
    alone(|| {
        let (_server, address) = postgresql::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "postgres", "--protocol", version];
            let input = [
                message(b"", STARTUP),
                message(
                    b"Q",
                    b"SELECT 'over ' || version FROM pg_stat_ssl WHERE pid = pg_backend_pid()\0",
                ),
                message(b"X", b""),
            ];
            let answer = format!("over {version}");
            connect(address, &options, input.concat())
                .fine(version)
                .answered(&["server_version", &answer, "SELECT 1"]);
        }
    });
}

#[test]
fn mariadb_answers_a_query_behind_its_ssl_request() {
    /// A packet: its length, its number within the command, and its contents.
    fn packet(number: u8, contents: &[u8]) -> Vec<u8> {
        let len = u32::try_from(contents.len()).expect("a short packet");
        [&len.to_le_bytes()[..3], &[number], contents].concat()
    }
    /// CLIENT_PROTOCOL_41, CLIENT_SSL and CLIENT_SECURE_CONNECTION; packets of up to 16 MB; UTF-8.
    const CAPABILITIES: &[u8] = b"\x00\x8a\0\0\0\0\0\x01\x21";
    alone(|| {
        let (_server, address) = mariadb::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "mysql", "--protocol", version];
            let login = [CAPABILITIES, &[0; 23], b"root\0\0"].concat();
            let input = [
                // The greeting was 0 and the request for TLS was 1.
                packet(2, &login),
                packet(0, b"\x03SHOW SESSION STATUS LIKE 'Ssl_version'"),
                packet(0, b"\x01"),
            ];
            connect(address, &options, input.concat())
                .cut_off(version)
                .answered(&["Ssl_version", version]);
        }
    });
}
