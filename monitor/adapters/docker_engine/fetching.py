"""An archive of unknown making laid out on this host: files, links and folders, nothing else, and not without end."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from monitor.errors import Refused

MOST_BYTES = 2 * 1024**3
MOST_FILES = 200_000
_CHUNK = 1024 * 1024


def fetch(packed: Path, into: Path, wanted: Callable[[str], bool]) -> None:
    """Lay out what of the folder in `packed` is wanted in `into`, which is there and empty; blocking.

    Links are made last, so that nothing is ever written through one. Raises `Refused` where it is too much.
    """
    links: list[tuple[Path, str]] = []
    room, left = MOST_BYTES, MOST_FILES
    with _opened(packed) as file, tarfile.open(fileobj=file, mode="r|", errors="surrogateescape") as archive:
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


def _opened(packed: Path) -> BinaryIO:
    """The archive itself: whoever wrote it may have put anything at its name."""
    descriptor = os.open(packed, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    file = open(descriptor, "rb")  # noqa: PTH123, SIM115 -- an open descriptor; the caller closes it
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise Refused("the command left something else in the place of its files", hint="run it again without `keep`")
    return file
