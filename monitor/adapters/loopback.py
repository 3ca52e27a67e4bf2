"""Ports of this machine: which are free, and choosing one that nobody takes before its program listens."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Collection

from monitor.errors import SlipwayError

LOOPBACK = "127.0.0.1"
# The kernel's own range for outgoing connections begins at 32768: chosen below it, together with a partner
# 10,000 higher, a port is not taken by a passing connection between two starts.
RANGE = range(10_240, 22_700)

# Descriptors by port, not socket objects: they live until released or until the process ends.
_claims: dict[int, int] = {}


def trouble(host: str, port: int) -> str | None:
    """Why a listener could not stand there now, None where it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # As servers do; without it a port with connections in TIME_WAIT would count as taken.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except OSError as error:
            return error.strerror or str(error)
    return None


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a listener could be opened there now."""
    return trouble(host, port) is None


def choose(avoid: Collection[int] = (), offset: int = 0) -> int:
    """A free loopback port outside `avoid`, free `offset` higher as well, and ours until this process ends.

    A program needs a moment until it listens where it was told to; another monitor that chooses in that
    moment must not come to the same answer. Raises `SlipwayError` when none is left.
    """
    for port in random.SystemRandom().sample(RANGE, len(RANGE)):
        both = {port, port + offset}
        if both.isdisjoint(avoid) and all(is_free(p) for p in both) and all(claimed(p) for p in both):
            return port
    raise SlipwayError("No free loopback port is left.", hint=f"Ports {RANGE.start}–{RANGE.stop} are all in use.")


def claimed(port: int) -> bool:
    """Take a port's name for this process; whether it is ours.

    An abstract socket of that name: the kernel drops it with the process, whatever ends it, and each network
    namespace has its own, as with ports. Where there are none (macOS) every claim holds.
    """
    if port in _claims or sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0slipway/port/{port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim.detach()
    return True


def release(port: int) -> None:
    """Give a claim back: its program listens, or is gone."""
    claim = _claims.pop(port, None)
    if claim is not None:
        os.close(claim)
