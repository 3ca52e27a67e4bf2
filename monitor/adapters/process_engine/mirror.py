"""A readable copy of a source folder the instances' account cannot enter, kept current by each batch.

Nothing is followed out of the source: every folder and file is opened without following links (a folder put in
the way of a link while we copy is refused by the kernel), links are copied as links.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from monitor.adapters.process_engine.places import remove

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def refresh(source: Path, files: Iterable[str], into: Path) -> None:
    """Make `into` hold exactly `files` of `source`; unchanged ones (size, times) are not read again."""
    wanted = {path for path in files if _inside(path)}
    into.mkdir(mode=0o755, parents=True, exist_ok=True)
    _prune(into, wanted)
    root = os.open(source, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for path in sorted(wanted):
            with contextlib.suppress(OSError):
                _copy(root, path, into / path)
    finally:
        os.close(root)
    for folder, _, _ in os.walk(into):
        Path(folder).chmod(0o755)


def _inside(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and not {"", ".", ".."} & set(parts)


def _prune(into: Path, wanted: set[str]) -> None:
    folders = {parent for path in wanted for parent in _parents(path)}
    for folder, names, files in os.walk(into):
        for name in [*names, *files]:
            relative = os.path.relpath(os.path.join(folder, name), into)  # noqa: PTH118 -- names may be any bytes
            keep = relative in (folders | wanted if name in names else wanted)
            if not keep:
                remove(Path(folder) / name)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _copy(root: int, path: str, target: Path) -> None:
    *folders, name = path.split("/")
    descriptor = os.dup(root)
    try:
        for folder in folders:
            deeper = os.open(folder, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            target.mkdir(parents=True, exist_ok=True)
        elif stat.S_ISLNK(found.st_mode):
            _link(os.readlink(name, dir_fd=descriptor), target)
        elif stat.S_ISREG(found.st_mode) and not _same(found, target):
            _file(descriptor, name, target)
    finally:
        os.close(descriptor)


def _link(text: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    remove(target)
    target.symlink_to(text)


def _same(found: os.stat_result, target: Path) -> bool:
    try:
        there = target.lstat()
    except OSError:
        return False
    same = (found.st_size, found.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
    # A source that changed since may be an edit that put its time back.
    return same and found.st_ctime_ns < there.st_ctime_ns


def _file(folder: int, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:200]}.new")
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with open(descriptor, "rb") as reading, temporary.open("wb") as writing:  # noqa: PTH123 -- an open descriptor
        found = os.fstat(descriptor)
        shutil.copyfileobj(reading, writing, 1024 * 1024)
    temporary.chmod(0o755 if found.st_mode & 0o100 else 0o644)
    os.utime(temporary, ns=(found.st_atime_ns, found.st_mtime_ns))
    remove(target)
    temporary.rename(target)
