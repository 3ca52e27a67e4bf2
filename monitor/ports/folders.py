"""Workspace folders as a whole: taken away at a person's word."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Folders(Protocol):
    """What acts on a folder under the root, never on what a link in it leads to."""

    async def discard(self, folder: Path) -> None:
        """Remove `folder` and everything in it: it is gone under its name at once, then bit by bit.

        A kill in between leaves what `sweep` removes. Raises `NotFound`, and `SlipwayError` where the disk refuses.
        """
        ...

    async def sweep(self, root: Path) -> None:
        """Remove what a killed `discard` left below `root`."""
        ...
