//! OpenSSL's programs as peers.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use sslcore::ServerStart;
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl;
use sslcore_tests::pair::server_name;
use sslcore_tests::peer::Scratch;

use crate::common::{LONG, adopt, client, pattern, server};
use crate::stage::offload;

#[test]
fn a_server_of_openssls_repeats_what_the_kernel_has_sealed() {
    for (suite, options) in openssl::SUITES {
        let version = if options[0] == "-tls1_3" {
            "TLSv1.3"
        } else {
            "TLSv1.2"
        };
        let (mut peer, address) =
            openssl::server(&WORLD.server, &[&options[..], &["-rev"]].concat());
        let mut socket = adopt(TcpStream::connect(address).expect("connect"));
        let config = client().protocols(&[version]).ciphers(&[suite]).build();
        socket
            .start_client_encryption(&config.expect("client"), server_name())
            .expect("start");
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        offload(&mut socket);
        for line in ["olleh\n", "gnol a fo\n"] {
            socket.write_all(line.as_bytes()).expect("write");
            socket.flush().expect("flush");
            let mut heard = vec![0; line.len()];
            socket.read_exact(&mut heard).expect("read");
            let reversed: String = line.trim().chars().rev().chain(['\n']).collect();
            assert_eq!(heard, reversed.as_bytes(), "{suite}");
        }
        let report = socket.disconnect_from_host(LONG);
        assert!(report.close_notify_sent, "{suite} {report:?}");
        drop(socket);
        peer.until_exit();
    }
}

#[test]
fn a_client_of_openssls_prints_a_file() {
    let scratch = Scratch::new();
    let bytes = pattern(2_000_000);
    let file = File::open(scratch.file("file", &bytes)).expect("open");
    for (suite, options) in openssl::SUITES {
        let version = if options[0] == "-tls1_3" {
            "TLSv1.3"
        } else {
            "TLSv1.2"
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
        let address = listener.local_addr().expect("address");
        let quiet = ["-quiet", "-nocommands", "-msgfile", "/dev/null"];
        let mut peer = openssl::client(address, &[&options[..], &quiet].concat());
        let mut socket = adopt(listener.accept().expect("accept").0);
        let config = server().protocols(&[version]).ciphers(&[suite]).build();
        let with = ServerStart::With(config.expect("server"));
        socket.start_server_encryption(with).expect("start");
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        offload(&mut socket);
        let mut offset = 0;
        let len = bytes.len() as u64;
        assert_eq!(
            socket.send_file(&file, &mut offset, len).expect("send"),
            len
        );
        let report = socket.disconnect_from_host(LONG);
        assert!(report.close_notify_sent, "{suite} {report:?}");
        peer.until_exit_having_printed(&bytes);
    }
}
