"""Copy the manifests an installer needs out of a workspace, never through a link."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from monitor.ports.engine import LaunchFailed

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def stage(source: Path, paths: Iterable[str], target: Path) -> None:
    """Copy `paths` (relative to `source`) below `target`, made anew; readable by everyone inside.

    Raises `LaunchFailed` where one is missing, a link, or not a plain file.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in paths:
        try:
            _copy(source, path, target)
        except OSError as error:
            raise LaunchFailed(
                f"{path}, which the install needs, cannot be read: {error.strerror}",
                hint="links are not followed; put the file itself into the folder",
            ) from error


def _copy(source: Path, path: str, target: Path) -> None:
    *folders, name = path.split("/")
    if any(part in {"", ".", ".."} for part in (*folders, name)):
        raise OSError(0, "not a plain relative path")
    with ExitStack() as stack:
        at = _open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, None, stack)
        for folder in folders:
            at = _open(folder, _FOLDER, at, stack)
        fd = _open(name, _FILE, at, stack)
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(0, "not a plain file")
        copy = target.joinpath(*folders, name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with open(fd, "rb", closefd=False) as reader, copy.open("wb") as writer:
            shutil.copyfileobj(reader, writer)
        copy.chmod(0o755 if info.st_mode & 0o100 else 0o644)


def _open(path: str | Path, flags: int, at: int | None, stack: ExitStack) -> int:
    fd = os.open(path, flags, dir_fd=at)
    stack.callback(os.close, fd)
    return fd
