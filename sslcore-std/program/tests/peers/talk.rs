//! Prosody, InspIRCd and INN.

use sslcore_tests::certs::WORLD;
use sslcore_tests::network::alone;
use sslcore_tests::peers::{inn, inspircd, prosody};

use crate::{VERSIONS, connect, finish, start};

#[test]
fn prosody_opens_its_stream_again_behind_starttls() {
    const STREAM: &str = "<?xml version='1.0'?><stream:stream to='server.test' version='1.0' \
        xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'></stream:stream>";
    alone(|| {
        let (_server, address) = prosody::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "xmpp", "--protocol", version];
            let session = connect(address, &options, STREAM);
            session.fine(version).answered(&[
                "<stream:stream",
                "<stream:features",
                "</stream:stream>",
            ]);
            assert!(!session.text().contains("starttls"));
        }
    });
}

#[test]
fn inspircd_lets_a_user_in_behind_starttls() {
    alone(|| {
        let (_server, address) = inspircd::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "irc", "--protocol", version];
            let program = start(address, &options);
            program.say("NICK joe\r\nUSER joe 0 * :Joe\r\n");
            program.until_said(" 001 joe :Welcome");
            program.say("QUIT\r\n");
            finish(program)
                .fine(version)
                .answered(&[" 001 joe :Welcome", "ERROR :Closing link"]);
        }
    });
}

#[test]
fn inn_says_its_capabilities_behind_starttls() {
    alone(|| {
        let server = inn::start(&WORLD.server);
        for version in VERSIONS {
            let options = ["--starttls", "nntp", "--protocol", version];
            let session = connect(server.address, &options, "CAPABILITIES\r\nQUIT\r\n");
            session
                .fine(version)
                .answered(&["101 ", "IMPLEMENTATION INN", "\r\n.\r\n", "205 "]);
            assert!(!session.text().contains("STARTTLS"));
        }
    });
}
