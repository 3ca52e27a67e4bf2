"""A snapshot: a name for a revision, with a note, tags and a time at which it expires."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.domain.history import fields
from monitor.domain.history.errors import BadObject
from monitor.domain.history.lines import read_lines, write_lines
from monitor.domain.moments import rfc3339
from monitor.errors import UsageError

WHAT = "name"
MAX_NAME, MAX_NOTE, MAX_TAGS = 100, 4000, 50

_NAME = re.compile(r"[^\W_](?:[\w .+@/-]{0,98}[\w+])?")
_TAG = re.compile(r"[\w.+:@/-]{1,64}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`made_ns` is when it was named; `expires_ns` None: never. `tags` are sorted."""

    name: str
    seq: int
    made_ns: int
    note: str = ""
    tags: tuple[str, ...] = ()
    expires_ns: int | None = None

    def expired(self, now_ns: int) -> bool:
        """From then on restoring it needs a person's insistence, and retention may take its revision."""
        return self.expires_ns is not None and self.expires_ns <= now_ns

    def as_json(self, now_ns: int) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "name": self.name,
            "seq": self.seq,
            "note": self.note,
            "tags": list(self.tags),
            "made_at": rfc3339(self.made_ns),
            "expires_at": None if self.expires_ns is None else rfc3339(self.expires_ns),
            "expired": self.expired(now_ns),
        }


def checked_name(name: str) -> str:
    """The name, if it may be one; raises `UsageError`."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:60]!r} cannot be a snapshot's name.",
            hint=f"use up to {MAX_NAME} letters, digits, spaces and . _ + @ / -, beginning with a letter or a digit",
        )
    return name


def checked_note(note: str) -> str:
    """The note without spaces around it; raises `UsageError`."""
    note = note.strip()
    if len(note) > MAX_NOTE or _CONTROL.search(note):
        raise UsageError(
            f"A note has at most {MAX_NOTE} characters, and no control characters but line feeds.", hint="shorten it"
        )
    return note


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags sorted, each once; raises `UsageError`."""
    found = tuple(sorted(set(tags)))
    for tag in found:
        if not _TAG.fullmatch(tag):
            raise UsageError(f"{tag[:60]!r} cannot be a tag.", hint="use letters, digits and . _ + : @ / -")
    if len(found) > MAX_TAGS:
        raise UsageError(f"A snapshot has at most {MAX_TAGS} tags.", hint="remove some")
    return found


def write_snapshot(snapshot: Snapshot) -> bytes:
    """The object's bytes."""
    header = {
        "name": snapshot.name,
        "seq": snapshot.seq,
        "made_ns": snapshot.made_ns,
        "note": snapshot.note,
        "tags": list(snapshot.tags),
        "expires_ns": snapshot.expires_ns,
    }
    return write_lines(WHAT, header, ())


def read_snapshot(data: bytes, name: str | None = None) -> Snapshot:
    """The snapshot these bytes are; `name` is the one in its key. Raises `BadObject` or `UnknownFormat`."""
    header, lines = read_lines(WHAT, data)
    for line in lines:
        raise BadObject(f"A snapshot has no {line[0][:20]!r} lines.")
    try:
        found = Snapshot(
            checked_name(fields.text(fields.field(header, "name"), MAX_NAME)),
            fields.integer(fields.field(header, "seq"), 1),
            fields.integer(fields.field(header, "made_ns"), -(2**63)),
            _note(fields.field(header, "note")),
            checked_tags(fields.text(tag) for tag in fields.listed(fields.field(header, "tags"), MAX_TAGS)),
            _moment(fields.field(header, "expires_ns")),
        )
    except UsageError as error:
        raise BadObject(error.message) from error
    if name not in (None, found.name):
        raise BadObject(f"This is the snapshot {found.name!r}, and it was kept as {name!r}.")
    return found


def _note(value: object) -> str:
    if type(value) is not str:
        raise BadObject("A note is a text.")
    return checked_note(value)


def _moment(value: object) -> int | None:
    return None if value is None else fields.integer(value, -(2**63))
