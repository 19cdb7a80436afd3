"""A session of SMTP with STARTTLS, for one client: smtp.py CERT KEY. Prints its port, and what it hears."""

import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])

listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
stream, _ = listener.accept()


def hear():
    """A line, byte by byte: what follows it may be TLS."""
    line = b""
    while not line.endswith(b"\r\n"):
        byte = stream.recv(1)
        if not byte:
            sys.exit("the line has no end")
        line += byte
    layer = stream.version() if isinstance(stream, ssl.SSLSocket) else "plain"
    print(f"{layer}: {line.decode().strip()}", flush=True)
    return line


stream.sendall(b"220 smtp.test\r\n")
while True:
    command = hear()
    if command.startswith(b"EHLO"):
        stream.sendall(b"250-smtp.test\r\n250 STARTTLS\r\n")
    elif command.startswith(b"STARTTLS"):
        stream.sendall(b"220 go ahead\r\n")
        stream = context.wrap_socket(stream, server_side=True)
    elif command.startswith(b"QUIT"):
        stream.sendall(b"221 bye\r\n")
        break
    else:
        stream.sendall(b"500 what?\r\n")
# Without close_notify this raises an error.
stream.unwrap()
print("closed in order")
