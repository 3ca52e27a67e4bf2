"""A folder of a container laid out on this host: files, links and folders, nothing else, and not without end."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path

from docker import APIClient

from monitor.errors import Refused

MOST_BYTES = 2 * 1024**3
MOST_FILES = 200_000
_CHUNK = 1024 * 1024


def fetch(api: APIClient, container: str, folder: str, into: Path, wanted: Callable[[str], bool]) -> None:
    """Lay out what of `folder` is wanted in `into`, which is there and empty; blocking.

    Links are made last, so that nothing is ever written through one. Raises `Refused` where it is too much.
    """
    pieces, _ = api.get_archive(container, folder, chunk_size=_CHUNK)
    links: list[tuple[Path, str]] = []
    room, left = MOST_BYTES, MOST_FILES
    with tarfile.open(fileobj=_Pieces(iter(pieces)), mode="r|", errors="surrogateescape") as archive:
        for member in archive:
            path = member.name.partition("/")[2].rstrip("/")
            if not _is_inside(path) or not wanted(path):
                continue
            room, left = room - member.size, left - 1
            if room < 0 or left < 0:
                raise Refused(
                    "the command left more than can be brought back (2 GiB or 200,000 files)",
                    hint="run it without `keep`, or write such files below /data",
                )
            _lay_out(archive, member, into / path, links)
    for at, target in links:
        at.parent.mkdir(parents=True, exist_ok=True)
        at.symlink_to(target)


def _lay_out(archive: tarfile.TarFile, member: tarfile.TarInfo, at: Path, links: list[tuple[Path, str]]) -> None:
    if member.isdir():
        at.mkdir(parents=True, exist_ok=True)
    elif member.issym():
        links.append((at, member.linkname))
    elif member.isfile() and (content := archive.extractfile(member)) is not None:
        at.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 -- an open descriptor, not a path
            shutil.copyfileobj(content, file, _CHUNK)
            os.fchmod(file.fileno(), (member.mode & 0o777) | 0o600)
            ns = int(member.mtime * 10**9)
            os.utime(file.fileno(), ns=(ns, ns))


def _is_inside(path: str) -> bool:
    return bool(path) and not {"", ".", ".."} & set(path.split("/"))


class _Pieces(RawIOBase):
    """An iterator of bytes, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all that a stream-mode archive asks for."""
        parts: list[bytes] = []
        while size > 0:
            if not self._rest:
                self._rest = memoryview(next(self._pieces, b""))
                if not self._rest:
                    break
            part = self._rest[:size]
            self._rest = self._rest[size:]
            size -= len(part)
            parts.append(bytes(part))
        return b"".join(parts)
