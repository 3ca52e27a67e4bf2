"""git's index as a set of paths, read without git: what is tracked is source even if ignored.

The format is git's own `index-format` (versions 2, 3 and 4). Running git in a user's folder would run that
folder's configuration, so only the bytes are read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

_HEADER, _FIXED = 12, 40
_EXTENDED, _GITLINK = 0x4000, 0o160000


class BadIndex(ValueError):
    """The bytes are not an index git would accept; what is tracked is unknown."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The tracked files, and every folder on the way to one, relative to the workspace."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    @staticmethod
    def of(paths: Iterable[str], below: str = "") -> Tracked:
        """From paths relative to the folder `below` (the workspace itself when empty)."""
        prefix = f"{below}/" if below else ""
        files = frozenset(prefix + path for path in paths)
        return Tracked(files, frozenset(_folders(files)))

    def plus(self, other: Tracked) -> Tracked:
        return Tracked(self.files | other.files, self.folders | other.folders) if other.files else self


def tracked_paths(data: bytes) -> list[str]:
    """The paths an index lists (submodules left out); raises `BadIndex`."""
    if data[:4] != b"DIRC" or len(data) < _HEADER + 20:
        raise BadIndex("no DIRC header")
    version, count = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
    if version not in (2, 3, 4):
        raise BadIndex(f"version {version} is not known")
    try:
        return _entries(data, version, count, _hash_length(data))
    except IndexError:
        raise BadIndex("cut short") from None


def shared_index_name(data: bytes) -> str | None:
    """The name of the file a split index builds on, if it is one (its `link` extension)."""
    at = data.find(b"link\0\0")
    length = _hash_length(data)
    if at < 0 or at + 8 + length > len(data):
        return None
    return "sharedindex." + data[at + 8 : at + 8 + length].hex()


def _hash_length(data: bytes) -> int:
    """20 for SHA-1 repositories, 32 for SHA-256: the one whose closing checksum is right."""
    sha256 = hashlib.sha256(data[:-32]).digest() == data[-32:]
    return 32 if sha256 else 20


def _entries(data: bytes, version: int, count: int, hash_length: int) -> list[str]:
    paths: list[str] = []
    at, name = _HEADER, b""
    for _ in range(count):
        start = at
        mode = int.from_bytes(data[at + 24 : at + 28], "big")
        flags_at = at + _FIXED + hash_length
        flags = data[flags_at] << 8 | data[flags_at + 1]
        at = flags_at + (4 if flags & _EXTENDED else 2)
        if version == 4:
            dropped, at = _varint(data, at)
            end = _zero(data, at)
            name = name[: len(name) - dropped] + data[at:end]
            at = end + 1
        else:
            end = _zero(data, at)
            name = data[at:end]
            at = start + (end - start + 8) // 8 * 8
        if name and mode != _GITLINK:
            paths.append(name.decode("utf-8", "surrogateescape"))
    return paths


def _zero(data: bytes, at: int) -> int:
    end = data.find(b"\0", at)
    if end < 0:
        raise BadIndex("cut short")
    return end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1


def _folders(files: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
