"""Who did what: one record for every request that changes something or was refused, kept as a line of JSON.

A record says what was asked for, never with what: bodies, query strings and tokens do not appear in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

HOST = "host"
"""Whoever came over the control socket: the user who runs the monitor."""


@dataclass(frozen=True, slots=True)
class Act:
    """`who` is a token's id, `host`, or "" for nobody known; `status` the HTTP status it was answered with."""

    time: str
    who: str
    scope: str
    method: str
    path: str
    status: int
    reason: str = ""
    workspace: str = ""
    place: str = ""
    request_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, as `GET /api/audit` answers it."""
        return asdict(self)


def write_act(act: Act) -> bytes:
    """One line; text of any kind stays on it."""
    return json.dumps(act.as_json(), separators=(",", ":")).encode() + b"\n"


def read_act(line: bytes) -> Act | None:
    """None for a line that is no whole record: the end of one that a full disk cut short."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("time"), str):
        return None
    known = {f.name: f.type for f in fields(Act)}
    given = {name: said for name, said in value.items() if name in known}
    right = all(isinstance(said, int if name == "status" else str) for name, said in given.items())
    try:
        return Act(**given) if right else None
    except TypeError:
        return None
