"""A new workspace on its way in: staged out of sight below the root, then there at once under its name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Protocol

from monitor.domain.creating.intake import Intake


class Stage(Protocol):
    """One fresh folder that nobody sees yet. Errors of the disk are raised as `SlipwayError`."""

    async def receive(self, chunks: AsyncIterator[bytes], most: int) -> int:
        """Store an archive beside the folder; its size. Raises `Unsafe` beyond `most` bytes."""
        ...

    async def unpack(self, intake: Intake) -> None:
        """Unpack what was received, known by its first bytes. Raises `Unsafe`, also for a damaged or unknown one."""
        ...

    async def write(self, path: str, chunks: AsyncIterator[bytes], intake: Intake) -> None:
        """One file at a path `intake` answered with."""
        ...

    async def fill(self, files: Mapping[str, bytes]) -> None:
        """Files of our own."""
        ...

    async def place(self, name: str) -> Path:
        """The folder is the workspace `name` from now on; raises `Conflict` where something has that name."""
        ...

    async def discard(self) -> None:
        """Remove what is left; fine after `place`, and twice."""
        ...


class Landing(Protocol):
    """Makes stages."""

    async def begin(self, root: Path) -> Stage:
        """A fresh folder below `root`, on the same disk."""
        ...

    async def sweep(self, root: Path) -> None:
        """Remove what a killed process left."""
        ...
