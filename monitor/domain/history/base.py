"""A base: one full listing of a workspace, immutable, named by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.domain.history import fields
from monitor.domain.history.entry import Entry, EntryReader, write_entries
from monitor.domain.history.errors import BadObject
from monitor.domain.history.lines import read_lines, write_lines

WHAT = "base"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Base:
    """A full listing: `entries` by path, `packs` all those it names, `size` of the object in bytes."""

    sha256: str
    size: int
    entries: dict[str, Entry]
    packs: frozenset[str]


def write_base(entries: Iterable[Entry]) -> bytes:
    """The object's bytes; `base_name` of them is its name."""
    listed = list(entries)
    return write_lines(WHAT, {"entries": len(listed)}, write_entries(listed))


def base_name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_base(data: bytes, sha256: str | None = None) -> Base:
    """The base these bytes are; `sha256` is the name it was found under. Raises `BadObject` or `UnknownFormat`."""
    name = base_name(data)
    if sha256 not in (None, name):
        raise BadObject(f"The base {sha256} is damaged: its bytes have another hash.")
    header, lines = read_lines(WHAT, data)
    count = fields.integer(fields.field(header, "entries"))
    reader = EntryReader()
    for line in lines:
        if not reader.take(line):
            raise BadObject(f"A base has no {line[0]!r} lines.")
    if len(reader.entries) != count:
        raise BadObject(f"This base lists {len(reader.entries)} entries and says {count}.")
    return Base(name, len(data), reader.entries, frozenset(reader.packs))
