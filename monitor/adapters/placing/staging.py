"""Writing a restore's files, links and empty folders beside the target, each with its mode, time and owner."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from monitor.adapters.disk.opening import why
from monitor.adapters.placing.ground import NEW_FILE, Folders, of_one_path
from monitor.ports.placing import Bytes, Link, Problem, Stamp

_MORE = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Writer:
    """Fills the stage's `new` folder, open as `top`; safe in several threads. Blocking.

    What concerns one path alone becomes one of `problems`; everything else raises `OSError`.
    """

    def __init__(self, top: int, owner: tuple[int, int] | None, step: Callable[[str], None]) -> None:
        self._top, self._owner, self._step = top, owner, step
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        self.problems: dict[str, Problem] = {}
        self.marks: dict[str, tuple[int, int]] = {}

    def write(self, files: Iterable[Bytes]) -> None:
        with Folders(self._top, self._owner) as folders:
            for file in files:
                self._one(file.path, folders, partial(self._file, file))

    def extend(self, path: str, data: Iterable[bytes]) -> None:
        with self._lock:
            first = path not in self._begun
            self._begun.add(path)

        def append(parent: int, name: str) -> None:
            fd = os.open(name, NEW_FILE if first else _MORE, 0o600, dir_fd=parent)
            try:
                for part in data:
                    _pour(fd, part)
            finally:
                os.close(fd)

        self._within(path, append)

    def finish(self, path: str, mode: int, mtime_ns: int) -> None:
        def seal(parent: int, name: str) -> None:
            fd = os.open(name, _MORE, dir_fd=parent)
            try:
                self._seal(path, fd, mode, mtime_ns)
            finally:
                os.close(fd)

        self._within(path, seal)

    def furnish(self, folders: Sequence[Stamp], links: Sequence[Link]) -> None:
        """Folders get their stamps when they are in place: a mode may keep us from moving them."""
        for folder in folders:
            self._within(f"{folder.path}/.", lambda parent, name: None)
        for link in links:
            self._within(link.path, partial(self._link, link))

    def _within(self, path: str, act: Callable[[int, str], None]) -> None:
        with Folders(self._top, self._owner) as folders:
            self._one(path, folders, act)

    def _one(self, path: str, folders: Folders, act: Callable[[int, str], None]) -> None:
        if path in self.problems:
            return
        above, _, name = path.rpartition("/")
        try:
            act(folders.fd(above), name)
        except OSError as error:
            if not of_one_path(error):
                raise
            plain = path.removesuffix("/.")
            self.problems[path] = Problem(plain, f"this disk does not take it: {why(error)}")
            with suppress(OSError):
                os.unlink(name, dir_fd=folders.fd(above))
        self._step("staged")

    def _file(self, file: Bytes, parent: int, name: str) -> None:
        # The right mode at once saves a call for each file; nobody else can enter the stage meanwhile.
        fd = os.open(name, NEW_FILE, file.mode & 0o777, dir_fd=parent)
        try:
            _pour(fd, file.data)
            self._seal(file.path, fd, file.mode, file.mtime_ns)
        finally:
            os.close(fd)

    def _seal(self, path: str, fd: int, mode: int, mtime_ns: int) -> None:
        # In this order: a new owner takes setuid away, and a mode may be without our own right to write.
        if self._owner is not None:
            os.fchown(fd, *self._owner)
        os.utime(fd, ns=(mtime_ns, mtime_ns))
        info = os.fstat(fd)
        if stat.S_IMODE(info.st_mode) != mode:
            os.fchmod(fd, mode)
            info = os.fstat(fd)
        self.marks[path] = (info.st_ino, info.st_ctime_ns)

    def _link(self, link: Link, parent: int, name: str) -> None:
        os.symlink(link.target, name, dir_fd=parent)
        if self._owner is not None:
            os.chown(name, *self._owner, dir_fd=parent, follow_symlinks=False)
        os.utime(name, ns=(link.mtime_ns, link.mtime_ns), dir_fd=parent, follow_symlinks=False)


def _pour(fd: int, data: bytes) -> None:
    done = os.write(fd, data) if data else 0
    while done < len(data):
        done += os.write(fd, memoryview(data)[done:])
