"""One question to a DNS server, to see whether the cluster's names resolve."""

import secrets
import socket
import struct

_SECONDS = 1.0


def resolves(server: str, name: str) -> bool:
    """Whether the DNS server at `server` has an address (A record) for `name` now."""
    identifier = secrets.randbits(16)
    labels = b"".join(struct.pack("B", len(label)) + label.encode() for label in name.split("."))
    question = struct.pack(">HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(_SECONDS)
        try:
            client.sendto(question, (server, 53))
            answer = client.recv(512)
        except OSError:
            return False
    if len(answer) < 12:
        return False
    got, flags, _, answers, *_ = struct.unpack(">HHHHHH", answer[:12])
    return bool(got == identifier and flags & 0x000F == 0 and answers > 0)
