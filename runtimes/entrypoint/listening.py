"""Does the server accept where the router will knock, and on which addresses does it really listen?"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct

from processes import table

_SIOCGIFADDR = 0x8915
_LISTEN = "0A"


def knock_address(host: str) -> str:
    """The address the router uses: `host` itself, or for "everywhere" this machine's own non-loopback one.

    A container's loopback is not reachable from outside: a server that listens only there is not ready.
    """
    if host not in {"0.0.0.0", "::", ""}:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                address = socket.inet_ntoa(answer[20:24])
                if not address.startswith("127."):
                    return address
    return "127.0.0.1"


def accepts(address: str, port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((address, port), timeout=0.5).close()
        return True
    return False


def sockets_of(leader: int) -> tuple[list[str], bool]:
    """Where `leader`, its group and its descendants listen, as `address:port`, and whether we could look at all."""
    inodes, complete = _open_sockets(_family(leader))
    found = {address for inode, address in _listening() if inode in inodes}
    return sorted(found), complete


def _family(leader: int) -> set[int]:
    processes = table()
    members = {pid for pid, _, group, _ in processes if group == leader} | {leader}
    while True:
        more = {pid for pid, parent, _, _ in processes if parent in members} - members
        if not more:
            return members
        members |= more


def _open_sockets(pids: set[int]) -> tuple[set[str], bool]:
    inodes, complete = set(), True
    for pid in pids:
        try:
            with os.scandir(f"/proc/{pid}/fd") as entries:
                links = [_readlink(entry.path) for entry in entries]
        except PermissionError:
            complete = False
        except OSError:
            continue
        else:
            inodes |= {link[8:-1] for link in links if link.startswith("socket:[")}
    return inodes, complete


def _readlink(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _listening() -> list[tuple[str, str]]:
    """(inode, address:port) of every listening TCP socket in this network namespace."""
    found = []
    for path, family in (("/proc/net/tcp", socket.AF_INET), ("/proc/net/tcp6", socket.AF_INET6)):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN:
                    found.append((fields[9], _address(fields[1], family)))
    return found


def _address(text: str, family: socket.AddressFamily) -> str:
    """`0100007F:1F90` → `127.0.0.1:8080`; the kernel prints 32-bit words in the machine's own order."""
    raw, port = text.split(":")
    words = (int(raw[at : at + 8], 16) for at in range(0, len(raw), 8))
    address = socket.inet_ntop(family, b"".join(struct.pack("=I", word) for word in words))
    return f"[{address}]:{int(port, 16)}" if family == socket.AF_INET6 else f"{address}:{int(port, 16)}"
