"""Ports nobody listens on, chosen as the product chooses its own; no test has a fixed one."""

from __future__ import annotations

from collections import deque

from monitor.adapters import loopback

# SeaweedFS listens for gRPC at its HTTP port plus this, whatever the HTTP port is.
GRPC_OFFSET = 10_000

_REMEMBERED = 64
"""How many choices stay ours: by then the program of an older one listens, or is gone."""
_chosen: deque[int] = deque()


def free_port() -> int:
    """A loopback TCP port that is free, and that no monitor or other test run chooses meanwhile."""
    return _noted(loopback.choose())


def free_port_pair() -> int:
    """A port that is free together with the one `GRPC_OFFSET` above it."""
    return _noted(loopback.choose(offset=GRPC_OFFSET))


def _noted(port: int) -> int:
    _chosen.append(port)
    while len(_chosen) > _REMEMBERED:
        old = _chosen.popleft()
        loopback.release(old)
        loopback.release(old + GRPC_OFFSET)
    return port
