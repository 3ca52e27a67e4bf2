"""Workspace folders as a whole: taken away at a person's word."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Folders(Protocol):
    """What acts on a folder under the root, never on what a link in it leads to. Calls raise `SlipwayError` where the
    disk refuses."""

    async def aside(self, folder: Path) -> Path:
        """Move `folder` out of sight, whole and with all that is open in it; returns where to. Raises `NotFound`.

        A kill from here to `discard` leaves what `sweep` puts back.
        """
        ...

    async def back(self, aside: Path, folder: Path) -> None:
        """Undo `aside`."""
        ...

    async def discard(self, aside: Path) -> None:
        """Remove what was moved `aside` and everything in it. A kill in between leaves what `sweep` removes."""
        ...

    async def sweep(self, root: Path) -> None:
        """Bring to its end what a kill left below `root`: put back, or removed."""
        ...
