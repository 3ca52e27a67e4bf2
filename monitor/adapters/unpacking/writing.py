"""Writing what was sent: only new files below one fresh folder, every byte counted as it comes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from monitor.domain.creating.intake import Intake
from monitor.errors import SlipwayError

CHUNK = 256 * 1024


class Tree:
    """A fresh folder and what comes into it; there is never a link in it, so no path leads out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, path: str) -> None:
        """A folder, and those above it."""
        try:
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise no_room(error) from error

    def open(self, path: str, runs: bool = False) -> BinaryIO:
        """A new file; `runs`: may be executed."""
        place = self.folder / path
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            return os.fdopen(os.open(place, flags, 0o755 if runs else 0o644), "wb")
        except OSError as error:
            raise no_room(error) from error

    def copy(self, chunks: Iterator[bytes], path: str, intake: Intake, *, runs: bool = False) -> None:
        """A whole file; what `chunks` raises is raised."""
        with self.open(path, runs) as file:
            for chunk in chunks:
                intake.grew(len(chunk))
                put(file, chunk)


def put(file: BinaryIO, data: bytes) -> None:
    """Write, with the disk's refusal as a letter."""
    try:
        file.write(data)
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> SlipwayError:
    """What the disk refused."""
    return SlipwayError(
        f"the workspace cannot be written: {error.strerror or error}",
        hint="free some disk space, or mend the permissions of the workspaces folder",
    )
