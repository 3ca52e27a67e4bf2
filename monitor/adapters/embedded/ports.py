"""Loopback ports for a bundled program: chosen free, written down, taken again while still free."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from monitor.adapters.embedded.private_files import write_private
from monitor.errors import Conflict, SlipwayError

LOOPBACK = "127.0.0.1"
# The kernel's own range for outgoing connections begins at 32768: chosen below it, together with a partner
# 10,000 higher, a port is not taken by a passing connection between two starts.
_RANGE = range(10_240, 22_700)


class PortTaken(Conflict):
    """Another program listens on a port we need; it helps once that one is gone."""

    reason = "port-taken"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a listener could be opened there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # As servers do; without it a port with connections in TIME_WAIT would count as taken.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except OSError:
            return False
    return True


def require_free(host: str, port: int) -> None:
    """Raise `PortTaken` when somebody listens there."""
    if not is_free(port, host):
        raise PortTaken(
            f"Port {port} on {host} is in use by another program.",
            hint="Stop that program, or choose another port (SLIPWAY_HTTP_PORT, SLIPWAY_DASHBOARD_PORT).",
        )


def settle_ports(record: Path, names: Iterable[str], *, offset: int = 0, keep: bool = False) -> dict[str, int]:
    """A port for each name, the recorded one where it is still free; the record is written anew.

    With an `offset`, the port that much higher is free too. `keep` takes recorded ports unseen: a
    leftover of our own may be what holds them.
    """
    known = _recorded(record)
    chosen: dict[str, int] = {}
    for name in names:
        port = known.get(name, 0)
        if port and (keep or _usable(port, offset, chosen)):
            chosen[name] = port
        else:
            chosen[name] = _choose(offset, chosen)
    write_private(record, json.dumps(chosen, indent=2))
    return chosen


def _choose(offset: int, chosen: Mapping[str, int]) -> int:
    # In random order: two installs that start at the same moment should not ask for the same one.
    for port in random.SystemRandom().sample(_RANGE, len(_RANGE)):
        if _usable(port, offset, chosen):
            return port
    raise SlipwayError("No free loopback port is left.", hint=f"Ports {_RANGE.start}–{_RANGE.stop} are all in use.")


def _usable(port: int, offset: int, chosen: Mapping[str, int]) -> bool:
    taken = {taken + shift for taken in chosen.values() for shift in (0, offset)}
    return all(p not in taken and is_free(p) for p in {port, port + offset})


def _recorded(record: Path) -> dict[str, int]:
    try:
        known = json.loads(record.read_text())
        return {str(name): int(port) for name, port in known.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
