"""Folders for the while of one piece of work, which nobody else sees."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Scratch(Protocol):
    """Every folder made is empty, ours alone, and worth nothing once its work is over."""

    async def make(self, name: str) -> Path:
        """A new folder; raises `SlipwayError` where the disk refuses (retrying helps once there is room)."""
        ...

    async def remove(self, folder: Path) -> None:
        """Remove it and everything in it; never raises."""
        ...
