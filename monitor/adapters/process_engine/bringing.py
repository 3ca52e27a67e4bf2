"""What a command left in its app folder, copied out of it: as root, of a tree that may change under us.

Whatever of its making still runs may put a link in the place of a folder at any moment: every folder and file is
opened below the descriptor of the one that holds it, no link is followed, and links are only ever made in folders
nothing is written to through them.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.disk.opening import open_dir, open_regular
from monitor.errors import Refused

MOST_BYTES = 2 * 1024**3
MOST_FILES = 200_000
MAX_DEPTH = 300
_CHUNK = 1024 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_VANISHED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL})


@dataclass(slots=True)
class Bringing:
    """One copy under way; `wanted` says which paths are copied (and which folders are looked into)."""

    wanted: Callable[[str], bool]
    room: int = MOST_BYTES
    files: int = MOST_FILES

    def copy(self, top: Path, into: Path) -> None:
        """Files, links and folders of `top`, into the empty folder `into`; raises `Refused` where it is too much."""
        fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._folder(fd, "", into, 0)
        finally:
            os.close(fd)

    def _folder(self, fd: int, above: str, into: Path, depth: int) -> None:
        for name in sorted(os.listdir(fd)):
            if self.wanted(f"{above}{name}"):
                try:
                    self._one(fd, name, above, into / name, depth)
                except OSError as error:
                    if error.errno not in _VANISHED:
                        raise

    def _one(self, fd: int, name: str, above: str, at: Path, depth: int) -> None:
        info = os.stat(name, dir_fd=fd, follow_symlinks=False)
        self._count(info.st_size if stat.S_ISREG(info.st_mode) else 0)
        if stat.S_ISDIR(info.st_mode):
            below = open_dir(name, fd)
            try:
                at.mkdir()
                if depth >= MAX_DEPTH:
                    raise _too_much()
                self._folder(below, f"{above}{name}/", at, depth + 1)
            finally:
                os.close(below)
        elif stat.S_ISLNK(info.st_mode):
            at.symlink_to(os.readlink(name, dir_fd=fd))
        elif stat.S_ISREG(info.st_mode):
            self._file(open_regular(name, fd), at, info.st_size)

    def _file(self, source: int, at: Path, size: int) -> None:
        """At most as much as was counted: it may grow meanwhile."""
        with open(source, "rb") as reading, open(os.open(at, _NEW, 0o600), "wb") as writing:  # noqa: PTH123
            while size > 0 and (data := reading.read(min(_CHUNK, size))):
                writing.write(data)
                size -= len(data)
            writing.flush()
            info = os.fstat(source)
            os.fchmod(writing.fileno(), stat.S_IMODE(info.st_mode) & 0o777 | 0o600)
            os.utime(writing.fileno(), ns=(info.st_mtime_ns, info.st_mtime_ns))

    def _count(self, size: int) -> None:
        self.room, self.files = self.room - size, self.files - 1
        if self.room < 0 or self.files < 0:
            raise _too_much()


def _too_much() -> Refused:
    return Refused(
        "the command left more than can be brought back (2 GiB or 200,000 files)",
        hint="run it without `keep`, or write such files into the data folder",
    )
