"""tlslite-ng: TLS 1.3 with a pre-shared key.

tlslite_ng.py server KEY IDENTITY HASH MODE GROUP: prints its address, and echoes until the client closes.
tlslite_ng.py client KEY IDENTITY HASH MODE GROUP ADDRESS: says its input, and prints what it hears until the
server closes.

Both print what was agreed upon on standard error: the suite, and how many certificates there were.
"""

import socket
import sys

from tlslite.api import HandshakeSettings, TLSConnection


def settings(key, identity, hash_name, mode, group):
    ours = HandshakeSettings()
    ours.minVersion = ours.maxVersion = (3, 4)
    secret = bytearray.fromhex(key)
    ours.pskConfigs = [(bytearray(identity.encode()), secret, hash_name)]
    ours.psk_modes = [mode]
    ours.eccCurves = group.split(",")
    ours.dhGroups = []
    ours.keyShares = ours.eccCurves[:1]
    # A key is for suites with its hash.
    ours.cipherNames = ["aes128gcm"] if hash_name == "sha256" else ["aes256gcm"]
    return ours


def report(connection):
    session = connection.session
    chains = [session.clientCertChain, session.serverCertChain]
    print(connection.getCipherName(), sum(chain is not None for chain in chains), file=sys.stderr)
    sys.stderr.flush()


def hear(connection):
    while heard := connection.recv(16384):
        yield bytes(heard)


def serve(*known):
    listener = socket.create_server(("127.0.0.1", 0))
    print("%s:%d" % listener.getsockname(), flush=True)
    transport, _ = listener.accept()
    connection = TLSConnection(transport)
    connection.handshakeServer(settings=settings(*known))
    report(connection)
    for heard in hear(connection):
        connection.sendall(heard)
    connection.close()


def ask(*known_and_address):
    *known, address = known_and_address
    host, port = address.rsplit(":", 1)
    connection = TLSConnection(socket.create_connection((host, int(port))))
    connection.handshakeClientCert(settings=settings(*known))
    report(connection)
    connection.sendall(sys.stdin.buffer.read())
    for heard in hear(connection):
        sys.stdout.buffer.write(heard)
        sys.stdout.buffer.flush()


{"server": serve, "client": ask}[sys.argv[1]](*sys.argv[2:])
