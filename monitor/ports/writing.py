"""Single files of a workspace, written and removed from outside.

Promises every implementation keeps: a file is there as it was or as it is to be, never half; no symlink is followed,
also not one put in a folder's place meanwhile; nothing outside the folder is touched; what is written belongs to
whom the folder belongs to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.errors import Conflict


class Changed(Conflict):
    """The file is not the one the caller meant (412); `sha256` is what is there, "" for nothing."""

    reason = "changed"
    status = 412

    def __init__(self, message: str, sha256: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sha256 = sha256


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be there: one of these hashes (`match`; "*" is any file), none of those (`none_match`)."""

    match: frozenset[str] = frozenset()
    none_match: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Put:
    """What is there now; `created`: there was nothing before."""

    sha256: str
    size: int
    created: bool


class Writing(Protocol):
    """Paths are checked by `monitor.domain.writable`.

    Every call raises `Conflict` for what is in the way (a folder, a link), `FolderGone`, and `SlipwayError` for what
    the disk refuses.
    """

    async def put(self, folder: Path, path: str, data: AsyncIterator[bytes], expected: Expected, most: int) -> Put:
        """Write a file whole, its folders where they are missing; an existing one keeps its mode.

        Raises `Changed`, and `TooLarge` after more than `most` bytes.
        """
        ...

    async def hash(self, folder: Path, path: str) -> str:
        """The SHA-256 of a regular file's bytes, "" where there is none."""
        ...

    async def delete(self, folder: Path, path: str, expected: Expected) -> None:
        """Remove a file or a link itself. Raises `Changed`, `NotFound`."""
        ...
