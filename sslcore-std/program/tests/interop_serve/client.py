"""A client with Python's ssl: client.py PORT CA VERSION [CERT KEY].

It sends a megabyte to an echo server that must be server.test, reads the same bytes back, and
closes in order. Then it prints what it agreed on. All of that is one thread's work: two must not
use one SSLSocket at the same time.
"""

import select
import socket
import ssl
import sys

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
tls.setblocking(False)
sent, back = 0, bytearray()
while len(back) < len(data):
    # What each of them waits for: a record may have to be read to write one, and the other way.
    readers, writers = [], []
    try:
        if sent < len(data):
            # After "not now" the same bytes are to be offered again.
            sent += tls.send(data[sent : sent + 16384])
            writers.append(tls)
    except ssl.SSLWantReadError:
        readers.append(tls)
    except ssl.SSLWantWriteError:
        writers.append(tls)
    try:
        while True:
            piece = tls.recv(65536)
            if not piece:
                sys.exit("the answer ends early")
            back += piece
            if len(back) >= len(data):
                break
    except ssl.SSLWantReadError:
        readers.append(tls)
    except ssl.SSLWantWriteError:
        writers.append(tls)
    if len(back) < len(data):
        select.select(readers, writers, [])
if back != data:
    sys.exit("other bytes came back")
tls.setblocking(True)
agreed = tls.version()
# Sends close_notify, and waits for the server's.
tls.unwrap().close()
print("echoed:", agreed)
