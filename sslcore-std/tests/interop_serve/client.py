"""A client with Python's ssl: client.py PORT CA VERSION [CERT KEY].

It sends a megabyte to an echo server that must be server.test, reads the same bytes back, and
closes in order. Then it prints what it agreed on.
"""

import socket
import ssl
import sys
import threading

port, ca, version, *identity = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.minimum_version = context.maximum_version = {
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}[version]
if identity:
    context.load_cert_chain(*identity)

data = bytes((i ^ i >> 8 ^ i >> 16) & 0xFF for i in range(1_000_000))
tcp = socket.create_connection(("127.0.0.1", int(port)))
tls = context.wrap_socket(tcp, server_hostname="server.test")
writer = threading.Thread(target=tls.sendall, args=(data,))
writer.start()
back = b""
while len(back) < len(data):
    piece = tls.recv(65536)
    if not piece:
        sys.exit("the answer ends early")
    back += piece
writer.join()
if back != data:
    sys.exit("other bytes came back")
agreed = tls.version()
# Sends close_notify, and waits for the server's.
tls.unwrap().close()
print("echoed:", agreed)
