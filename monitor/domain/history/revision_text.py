"""A revision as bytes and back: a header line, then packs, removed paths, unstable paths and changed entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from monitor.domain.history import fields
from monitor.domain.history.entry import EARLIEST, EntryReader, write_entries
from monitor.domain.history.errors import BadObject
from monitor.domain.history.lines import read_lines, write_lines
from monitor.domain.history.path_text import order, path_from_text, to_text
from monitor.domain.history.revision import GitHead, Grade, Header, Origin, Revision, Writer

WHAT = "revision"

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def write_revision(revision: Revision) -> bytes:
    """The object's bytes; equal revisions give equal bytes."""
    gone = [["gone", to_text(path)] for path in sorted(revision.removed, key=order)]
    unstable = [["unstable", to_text(path)] for path in sorted(revision.header.unstable, key=order)]
    header = {
        **_header(revision.header),
        "changed": len(revision.changed),
        "removed": len(gone),
        "unstable": len(unstable),
    }
    return write_lines(WHAT, header, (*gone, *unstable, *write_entries(revision.changed.values())))


def _header(header: Header) -> dict[str, Any]:
    origin, git = header.origin, header.git
    return {
        "seq": header.seq,
        "parent": header.parent,
        "time_ns": header.time_ns,
        "seen_ns": header.seen_ns,
        "kind": str(header.kind),
        "grade": header.grade.value,
        "flags": sorted(header.flags),
        "files": header.files,
        "bytes": header.bytes,
        "base": header.base,
        "base_bytes": header.base_bytes,
        "delta_bytes": header.delta_bytes,
        "segment": header.segment,
        "from": {"workspace": origin.workspace, "seq": origin.seq} if origin else None,
        "git": {"commit": git.commit, "branch": git.branch and to_text(git.branch)} if git else None,
        "writer": {
            "install": header.writer.install,
            "epoch": header.writer.epoch,
            "nonce": header.writer.nonce,
        },
        "merged": list(header.merged),
    }


def read_revision(data: bytes, seq: int | None = None) -> Revision:
    """The revision these bytes are; `seq` is the number in its key. Raises `BadObject` or `UnknownFormat`."""
    header, lines = read_lines(WHAT, data)
    found = _read_header(header)
    if seq not in (None, found.seq):
        raise BadObject(f"This is revision {found.seq}, and it was kept as {seq}.")
    removed: set[str] = set()
    unstable: list[str] = []
    reader = EntryReader()
    for line in lines:
        if line[0] == "gone" and len(line) == 2:
            removed.add(path_from_text(line[1]))
        elif line[0] == "unstable" and len(line) == 2:
            unstable.append(path_from_text(line[1]))
        elif not reader.take(line):
            raise BadObject(f"A revision has no {line[0][:20]!r} lines of {len(line)} items.")
    counts = [fields.integer(fields.field(header, name)) for name in ("changed", "removed", "unstable")]
    if counts != [len(reader.entries), len(removed), len(unstable)] or removed & reader.entries.keys():
        raise BadObject(f"Revision {found.seq} does not hold what its first line says.")
    return Revision(replace(found, unstable=tuple(unstable)), reader.entries, frozenset(removed))


def read_header(data: bytes) -> Header:
    """The header alone, cheaply, of a revision that is checked when it is read whole; `unstable` is left empty."""
    return _read_header(read_lines(WHAT, data)[0])


def _read_header(header: Mapping[str, Any]) -> Header:
    def get(name: str) -> Any:
        return fields.field(header, name)

    parent, flags = get("parent"), fields.listed(get("flags"), 100)
    return Header(
        seq=fields.integer(get("seq"), 1),
        time_ns=fields.integer(get("time_ns"), EARLIEST),
        seen_ns=fields.integer(get("seen_ns"), EARLIEST),
        writer=_writer(get("writer")),
        base=fields.sha256(get("base")),
        base_bytes=fields.integer(get("base_bytes")),
        delta_bytes=fields.integer(get("delta_bytes")),
        kind=fields.word(get("kind")),
        parent=None if parent is None else fields.integer(parent, 1),
        origin=_origin(get("from")),
        segment=fields.integer(get("segment"), 1),
        files=fields.integer(get("files")),
        bytes=fields.integer(get("bytes")),
        git=_git(get("git")),
        grade=_grade(get("grade")),
        flags=tuple(fields.word(flag) for flag in flags),
        merged=tuple(fields.integer(seq, 1) for seq in fields.listed(get("merged"), 1_000_000)),
    )


def _writer(value: Any) -> Writer:
    return Writer(
        fields.text(fields.field(value, "install"), 200),
        fields.integer(fields.field(value, "epoch")),
        fields.text(fields.field(value, "nonce"), 200),
    )


def _origin(value: Any) -> Origin | None:
    if value is None:
        return None
    return Origin(fields.text(fields.field(value, "workspace")), fields.integer(fields.field(value, "seq"), 1))


def _git(value: Any) -> GitHead | None:
    if value is None:
        return None
    commit, branch = fields.text(fields.field(value, "commit")), fields.field(value, "branch")
    if not _COMMIT.fullmatch(commit):
        raise BadObject(f"{commit[:80]!r} is not a git commit.")
    return GitHead(commit, None if branch is None else path_from_text(branch))


def _grade(value: object) -> Grade:
    try:
        return Grade(str(value))
    except ValueError:
        raise BadObject(f"{str(value)[:40]!r} is not a grade.") from None
