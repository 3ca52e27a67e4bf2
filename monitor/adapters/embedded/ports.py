"""Loopback ports for a bundled program: chosen free, written down, taken again while still free."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from monitor.adapters.embedded.private_files import write_private
from monitor.adapters.loopback import choose, claimed, is_free
from monitor.errors import Conflict


class PortTaken(Conflict):
    """Another program listens on a port we need; it helps once that one is gone."""

    reason = "port-taken"


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
        taken = {one + shift for one in chosen.values() for shift in (0, offset)}
        chosen[name] = port if port and (keep or _usable(port, offset, taken)) else choose(taken, offset)
    write_private(record, json.dumps(chosen, indent=2))
    return chosen


def _usable(port: int, offset: int, taken: Iterable[int]) -> bool:
    both = {port, port + offset}
    return both.isdisjoint(taken) and all(is_free(p) and claimed(p) for p in both)


def _recorded(record: Path) -> Mapping[str, int]:
    try:
        known = json.loads(record.read_text())
        return {str(name): int(port) for name, port in known.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
