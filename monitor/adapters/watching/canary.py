"""A file written now and then, to see whether notifications arrive at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER, NAME = ".slipway", "canary"


class Canary:
    """`<root>/.slipway/canary`; the folder is left alone where it holds anything else."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER
        self.path = self.folder / NAME
        self._sung = 0

    def sing(self) -> None:
        """Change the file; raises `OSError`."""
        with suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fd = os.open(NAME, flags, 0o600, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            self._sung += 1
            os.write(fd, f"{self._sung}\n".encode())
        finally:
            os.close(fd)

    def clear(self) -> None:
        """Remove what it made."""
        with suppress(OSError):
            self.path.unlink()
        with suppress(OSError):
            self.folder.rmdir()
