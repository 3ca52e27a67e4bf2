"""What `.git/HEAD`, a ref's file and `packed-refs` say, as text; never trusted further than a name and a hash."""

from __future__ import annotations

import re

_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH = re.compile(rb"refs/[^\0-\x20\x7f~^:?*\[\\]+")


def head_of(text: bytes) -> tuple[str | None, str | None]:
    """A commit, or the full name of the ref it leads to; neither where the file is none git would write."""
    line = text.split(b"\n", 1)[0].strip()
    if _COMMIT.fullmatch(line):
        return line.decode(), None
    ref = line.removeprefix(b"ref:").strip()
    segments = ref.split(b"/")
    plain = not any(s in {b"", b".", b".."} for s in segments) and _BRANCH.fullmatch(ref)
    return None, ref.decode("utf-8", "surrogateescape") if plain and line.startswith(b"ref:") else None


def packed_commit(text: bytes, branch: str) -> str | None:
    """The commit `packed-refs` has for a ref."""
    name = branch.encode("utf-8", "surrogateescape")
    for line in text.splitlines():
        commit, _, ref = line.partition(b" ")
        if ref == name and _COMMIT.fullmatch(commit):
            return commit.decode()
    return None
