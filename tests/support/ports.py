"""Ports nobody listens on, as the kernel hands them out; no test has a fixed one."""

from __future__ import annotations

import socket

# SeaweedFS listens for gRPC at its HTTP port plus this, whatever the HTTP port is.
GRPC_OFFSET = 10_000
_HIGHEST_WITH_PAIR = 65_535 - GRPC_OFFSET


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_pair() -> int:
    """A port that is free together with the one `GRPC_OFFSET` above it.

    The kernel hands out ports up to 60,999, so some have no pair inside the port range; those are asked again.
    """
    for _ in range(200):
        port = free_port()
        if port <= _HIGHEST_WITH_PAIR and _is_free(port + GRPC_OFFSET):
            return port
    raise RuntimeError("no free pair of ports in 200 tries")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
