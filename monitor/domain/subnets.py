"""Small networks cut from one range: which is free, chosen the same way every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

PREFIX = 28
"""14 addresses: the gateway and a dozen generations. Docker's own large pools run out at about 30 networks."""


def free_subnets(pool: IPv4Network, taken: Iterable[IPv4Network], name: str) -> Iterator[IPv4Network]:
    """Every free subnet of `pool` that overlaps nothing `taken`, in `name`'s own order.

    The order starts where the name's hash says: a workspace usually gets the same subnet back, and two
    installs on one machine rarely ask for the same.
    """
    size = 1 << (32 - PREFIX)
    count = pool.num_addresses // size
    if not count:
        return
    used = _indexes(pool, taken, size)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % count
    base = int(pool.network_address)
    for step in range(count):
        index = (first + step) % count
        if index not in used:
            yield IPv4Network((base + index * size, PREFIX))


def _indexes(pool: IPv4Network, taken: Iterable[IPv4Network], size: int) -> set[int]:
    used: set[int] = set()
    start, end = int(pool.network_address), int(pool.broadcast_address)
    for network in taken:
        low = max(int(network.network_address), start)
        high = min(int(network.broadcast_address), end)
        if low <= high:
            used.update(range((low - start) // size, (high - start) // size + 1))
    return used
