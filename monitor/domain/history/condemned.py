"""What may soon be removed: revisions, bases and packs, each with the time since which nothing kept needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.domain.history import fields
from monitor.domain.history.errors import BadObject
from monitor.domain.history.lines import read_lines, write_lines

WHAT, CONFIRMED = "condemned", "confirmed"


@dataclass(frozen=True, slots=True)
class Condemned:
    """Each maps to the wall clock in ns since when; `newest` is the newest revision that was seen then.

    A writer does not refer to a condemned pack: it uploads the content again.
    """

    revisions: Mapping[int, int] = field(default_factory=dict)
    bases: Mapping[str, int] = field(default_factory=dict)
    packs: Mapping[str, int] = field(default_factory=dict)
    newest: int = 0


def write_condemned(condemned: Condemned) -> bytes:
    """The object's bytes; equal lists give equal bytes."""

    def lines() -> Iterator[list[Any]]:
        for seq, since in sorted(condemned.revisions.items()):
            yield ["revision", seq, since]
        for sha256, since in sorted(condemned.bases.items()):
            yield ["base", sha256, since]
        for sha256, since in sorted(condemned.packs.items()):
            yield ["pack", sha256, since]

    return write_lines(WHAT, {"newest": condemned.newest}, lines())


def read_condemned(data: bytes) -> Condemned:
    """The list these bytes are; raises `BadObject` or `UnknownFormat`."""
    header, lines = read_lines(WHAT, data)
    revisions: dict[int, int] = {}
    named: dict[str, dict[str, int]] = {"base": {}, "pack": {}}
    for line in lines:
        if len(line) != 3 or line[0] not in {"revision", *named}:
            raise BadObject(f"A list of condemned objects has no {line[0][:20]!r} lines of {len(line)} items.")
        since = fields.integer(line[2], -(2**63))
        if line[0] == "revision":
            revisions[fields.integer(line[1], 1)] = since
        else:
            named[line[0]][fields.sha256(line[1])] = since
    return Condemned(revisions, named["base"], named["pack"], fields.integer(fields.field(header, "newest")))


def write_confirmed(seq: int) -> bytes:
    """Mass deletions up to revision `seq` were confirmed by a person."""
    return write_lines(CONFIRMED, {"seq": seq}, ())


def read_confirmed(data: bytes) -> int:
    """Raises `BadObject` or `UnknownFormat`."""
    header, lines = read_lines(CONFIRMED, data)
    for line in lines:
        raise BadObject(f"What says which mass deletions are confirmed has no {line[0][:20]!r} lines.")
    return fields.integer(fields.field(header, "seq"))
