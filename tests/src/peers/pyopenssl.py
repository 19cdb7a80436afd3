"""The newest OpenSSL, which the package cryptography has inside, by pyOpenSSL.

pyopenssl.py server CERT KEY: prints its address, and echoes to one client.
pyopenssl.py client ADDRESS CA: says a line to an echo server that must be server.test.

Both print OpenSSL's version and the group that was agreed on, and end with a shutdown.
"""

import socket
import sys

from OpenSSL import SSL


def context():
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    return context


def tell(connection):
    version = SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()
    print(version, "agreed on", connection.get_group_name(), flush=True)


def serve(certificate, key):
    ours = context()
    ours.use_certificate_chain_file(certificate)
    ours.use_privatekey_file(key)
    listener = socket.create_server(("127.0.0.1", 0))
    print("%s:%d" % listener.getsockname(), flush=True)
    connection = SSL.Connection(ours, listener.accept()[0])
    connection.set_accept_state()
    connection.do_handshake()
    tell(connection)
    try:
        while True:
            connection.sendall(connection.recv(16384))
    except SSL.ZeroReturnError:
        connection.shutdown()


def ask(address, authority):
    ours = context()
    ours.load_verify_locations(authority)
    ours.set_verify(SSL.VERIFY_PEER)
    host, port = address.rsplit(":", 1)
    connection = SSL.Connection(ours, socket.create_connection((host, int(port))))
    connection.set_tlsext_host_name(b"server.test")
    connection.set_connect_state()
    connection.do_handshake()
    tell(connection)
    connection.sendall(b"from the newest OpenSSL\n")
    back = b""
    while not back.endswith(b"\n"):
        back += connection.recv(16384)
    sys.stdout.write("echoed: " + back.decode())
    connection.shutdown()


{"server": serve, "client": ask}[sys.argv[1]](*sys.argv[2:])
