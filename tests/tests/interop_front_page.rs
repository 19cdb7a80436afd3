//! The programs of the front page and the README with programs of other libraries.

use std::net::{TcpListener, TcpStream};
use std::thread;

use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl;
use sslcore_tests::pair::{backend, client, server};

#[allow(unreachable_pub, reason = "the file is shown, and everybody copies it")]
#[path = "../../sslcore/examples/blocking/session.rs"]
mod session;

#[test]
fn the_client_asks_openssl_and_hears_all_of_the_page() {
    for (_, option) in openssl::VERSIONS {
        let (_server, address) = openssl::server(&WORLD.server, &[option, "-www"]);
        let config = client(backend()).build().expect("client");
        let socket = TcpStream::connect(address).expect("connect");
        let request = b"GET / HTTP/1.0\r\n\r\n";
        let page = session::ask(&config, "server.test", socket, request).expect("an answer");
        let page = String::from_utf8(page).expect("text");
        assert!(page.starts_with("HTTP/1.0 200 ok\r\n"), "{page}");
        assert!(page.trim_end().ends_with("</HTML>"), "{page}");
    }
}

#[test]
fn the_client_refuses_a_name_that_is_not_the_servers() {
    let (_server, address) = openssl::server(&WORLD.server, &["-www"]);
    let config = client(backend()).build().expect("client");
    let socket = TcpStream::connect(address).expect("connect");
    let error = session::ask(&config, "other.test", socket, b"").expect_err("refused");
    assert!(
        error.downcast_ref::<sslcore::Failure>().is_some(),
        "{error}"
    );
}

#[test]
fn openssl_talks_to_the_server_in_the_clear_and_encrypted() {
    for (_, option) in openssl::VERSIONS {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
        let address = listener.local_addr().expect("an address");
        let config = server(backend()).build().expect("server");
        let serving = thread::spawn(move || {
            let (socket, _) = listener.accept().expect("accept");
            session::serve(&config, socket).expect("a clean end");
        });
        let options = [option, "-starttls", "smtp", "-crlf"];
        let mut peer = openssl::client(address, &options);
        peer.say("NOOP\n");
        peer.until_said("250 NOOP");
        peer.hang_up();
        assert!(peer.until_exit().success());
        serving.join().expect("the server");
    }
}
