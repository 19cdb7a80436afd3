"""mbedTLS, by python-mbedtls: TLS 1.2 with a pre-shared key.

python_mbedtls.py server KEY IDENTITY SUITE LENGTH: prints its address, and echoes so many bytes.
python_mbedtls.py client KEY IDENTITY SUITE ADDRESS LENGTH: asks for fragments of this length, says its input,
and prints what it hears until the server closes, and how long the largest record was.
"""

import socket
import sys

from mbedtls import tls

APPLICATION_DATA = 23
LENGTHS = {
    "512": tls.MaxFragmentLength.MFL_512K,
    "1024": tls.MaxFragmentLength.MFL_1024K,
}


def configuration(suite, **more):
    return tls.TLSConfiguration(
        ciphers=[suite],
        lowest_supported_version=tls.TLSVersion.TLSv1_2,
        highest_supported_version=tls.TLSVersion.TLSv1_2,
        validate_certificates=False,
        **more,
    )


class Connection:
    """A buffer of mbedTLS over a socket. The package reads well only what it is asked for to the byte, so it is
    given one record at a time."""

    def __init__(self, buffer, transport, suite):
        self.buffer = buffer
        self.transport = transport
        self.largest = 0
        self.overhead = 24 if "GCM" in suite else 16
        while buffer._handshake_state is not tls.HandshakeStep.HANDSHAKE_OVER:
            try:
                buffer.do_handshake()
            except tls.WantReadError:
                self.flush()
                buffer.receive_from_network(self.record())
            except tls.WantWriteError:
                pass
            self.flush()

    def exactly(self, length):
        whole = b""
        while len(whole) < length:
            heard = self.transport.recv(length - len(whole))
            if not heard:
                raise EOFError
            whole += heard
        return whole

    def record(self):
        header = self.exactly(5)
        length = int.from_bytes(header[3:], "big")
        self.largest = max(self.largest, length)
        return header + self.exactly(length)

    def flush(self):
        while sent := self.buffer.peek_outgoing(1 << 14):
            self.transport.sendall(sent)
            self.buffer.consume_outgoing(len(sent))

    def send(self, data):
        while data:
            self.buffer.write(data[:8000])
            self.flush()
            data = data[8000:]

    def hear(self):
        """What is heard, until the other side ends it."""
        while (record := self.record())[0] == APPLICATION_DATA:
            self.buffer.receive_from_network(record)
            yield self.buffer.read(len(record) - 5 - self.overhead)


def serve(key, identity, suite, length):
    ours = configuration(suite, pre_shared_key_store={identity: bytes.fromhex(key)})
    listener = socket.create_server(("127.0.0.1", 0))
    print("%s:%d" % listener.getsockname(), flush=True)
    transport, _ = listener.accept()
    connection = Connection(tls.ServerContext(ours).wrap_buffers(), transport, suite)
    said = b""
    for heard in connection.hear():
        said += heard
        if len(said) == int(length):
            connection.send(said)


def ask(key, identity, suite, address, length):
    ours = configuration(
        suite,
        pre_shared_key=(identity, bytes.fromhex(key)),
        max_fragmentation_length=LENGTHS[length],
    )
    host, port = address.rsplit(":", 1)
    transport = socket.create_connection((host, int(port)))
    connection = Connection(tls.ClientContext(ours).wrap_buffers(None), transport, suite)
    connection.send(sys.stdin.buffer.read())
    for heard in connection.hear():
        sys.stdout.buffer.write(heard)
        sys.stdout.buffer.flush()
    print("largest record:", connection.largest, file=sys.stderr)


{"server": serve, "client": ask}[sys.argv[1]](*sys.argv[2:])
