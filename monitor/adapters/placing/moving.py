"""Moving what is staged into place. Every step can be repeated: what is left in the stage is what is left to do.

Nothing is overwritten: what stands in the way is moved out by a rename, and what is new comes in by a link, which
fails where something else came to stand meanwhile. So whatever is saved while we work ends up in a displaced folder.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, MutableMapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from monitor.adapters.disk.opening import open_dir, parent_of, why
from monitor.adapters.placing.ground import Folders, is_dir, kind_at, of_one_path
from monitor.ports.placing import Orders, Problem, Stamp

_TRIES = 100
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
_PATH_ONLY = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Mover:
    """One placing: from `new` into `target`, and out of it into `displaced/0`, `displaced/1` …; all open folders.

    Blocking. Errors of one path become `problems`, others raise `OSError`. `marks` are inode and change time of what
    is placed: moving changes the time, so they are brought up to date.
    """

    def __init__(
        self,
        new: int,
        target: int,
        displaced: int,
        step: Callable[[str], None],
        marks: MutableMapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self._new, self._target, self._displaced, self._step = new, target, displaced, step
        self._marks = {} if marks is None else marks
        self.problems: list[Problem] = []

    def carry_out(self, orders: Orders) -> None:
        for path in orders.removed:
            self._each(path, self._remove)
        for path in orders.cleared:
            self._clear(path)
        self._merge(self._new, self._target, "")
        self.stamp((*orders.stamps, *orders.folders))

    def stamp(self, stamps: Iterable[Stamp]) -> None:
        """Modes and times of what stands in the target."""
        for stamp in stamps:
            self._each(stamp.path, partial(_stamp, stamp))
            self._step("stamped")

    def _each(self, path: str, act: Callable[[int, str, str], None]) -> None:
        try:
            with parent_of(self._target, path) as (parent, name):
                act(parent, name, path)
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                self._problem(path, error)

    def _problem(self, path: str, error: OSError) -> None:
        if not of_one_path(error):
            raise error
        self.problems.append(Problem(path, why(error)))

    def _remove(self, parent: int, name: str, path: str) -> None:
        if (info := kind_at(parent, name)) is None:
            return
        if is_dir(info):
            self.problems.append(Problem(path, "a folder came to stand there; it was left"))
            return
        self._displace(parent, name, path)

    def _clear(self, path: str) -> None:
        with suppress(OSError), parent_of(self._target, path) as (parent, name):
            os.rmdir(name, dir_fd=parent)
            self._step("cleared")

    def _merge(self, source: int, into: int, folder: str) -> None:
        for name in sorted(os.listdir(source)):
            path = f"{folder}/{name}" if folder else name
            try:
                for _ in range(_TRIES):
                    if self._moved(source, into, name, path):
                        break
            except OSError as error:
                self._problem(path, error)
            self._step("placed")

    def _moved(self, source: int, into: int, name: str, path: str) -> bool:
        """One try at one name; False where something changed meanwhile and another try is due."""
        info = os.stat(name, dir_fd=source, follow_symlinks=False)
        there = kind_at(into, name)
        if there is not None and is_dir(there):
            return self._into_folder(source, into, name, path, info)
        if there is not None and (there.st_dev, there.st_ino) == (info.st_dev, info.st_ino):
            os.unlink(name, dir_fd=source)
            return True
        if there is not None:
            with self._aside(into, name, path):
                return self._bring(source, into, name, path, info)
        return self._bring(source, into, name, path, info)

    def _bring(self, source: int, into: int, name: str, path: str, info: os.stat_result) -> bool:
        """Move a name that is free in `into`; False where it is not any more."""
        try:
            if is_dir(info):
                os.rename(name, name, src_dir_fd=source, dst_dir_fd=into)
            else:
                _link_or_rename(source, name, into, name, lambda: self._step("linked"))
                self._note(into, name, path)
        except OSError as error:
            if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
                return False
            raise
        return True

    def _note(self, into: int, name: str, path: str) -> None:
        if (mark := self._marks.get(path)) is None:
            return
        with suppress(OSError):
            info = os.stat(name, dir_fd=into, follow_symlinks=False)
            if info.st_ino == mark[0]:
                self._marks[path] = (info.st_ino, info.st_ctime_ns)

    def _into_folder(self, source: int, into: int, name: str, path: str, info: os.stat_result) -> bool:
        if not is_dir(info):
            self.problems.append(Problem(path, "a folder stands there; it was left"))
            return True
        try:
            inner_into = open_dir(name, into)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return False
            raise
        inner_source = open_dir(name, source)
        try:
            self._merge(inner_source, inner_into, path)
        finally:
            os.close(inner_source)
            os.close(inner_into)
        with suppress(OSError):
            os.rmdir(name, dir_fd=source)
        return True

    def _aside(self, parent: int, name: str, path: str) -> _Aside:
        held = self._displace(parent, name, path)
        return _Aside(parent, name, held, self._displaced)

    def _displace(self, parent: int, name: str, path: str) -> str:
        """Move what stands there to the first displaced folder that has its path free; returns where to."""
        above, _, last = path.rpartition("/")
        for number in range(_TRIES):
            kept = f"{number}/{above}" if above else str(number)
            with Folders(self._displaced) as folders:
                try:
                    fd = folders.fd(kept)
                except OSError as error:
                    # An earlier displaced file has the name of this one's folder.
                    if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                        continue
                    raise
                if kind_at(fd, last) is not None:
                    continue
                os.rename(name, last, src_dir_fd=parent, dst_dir_fd=fd)
                self._check_moved(parent, name, fd, last)
                self._step("displaced")
                return f"{kept}/{last}"
        raise OSError(errno.EBUSY, "something keeps coming to stand there", path)

    @staticmethod
    def _check_moved(parent: int, name: str, fd: int, last: str) -> None:
        """A folder that was put there in the last moment is not ours to move: it goes back."""
        info = kind_at(fd, last)
        if info is not None and is_dir(info):
            os.rename(last, name, src_dir_fd=fd, dst_dir_fd=parent)
            raise OSError(errno.EISDIR, "a folder came to stand there")


class _Aside:
    """What was displaced goes back if what should come in its place cannot."""

    def __init__(self, parent: int, name: str, held: str, displaced: int) -> None:
        self._parent, self._name, self._held, self._displaced = parent, name, held, displaced

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, OSError):
            with suppress(OSError), parent_of(self._displaced, self._held) as (fd, last):
                _link_or_rename(fd, last, self._parent, self._name)


def _link_or_rename(
    source: int, name: str, into: int, as_name: str, linked: Callable[[], None] = lambda: None
) -> None:
    """Move a file or link; raises `FileExistsError` rather than replace anything. For a moment it has both names."""
    try:
        os.link(name, as_name, src_dir_fd=source, dst_dir_fd=into, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A disk without hard links: this leaves a moment in which something could come to stand there.
        if kind_at(into, as_name) is not None:
            raise FileExistsError(errno.EEXIST, "something stands there", as_name) from error
        os.rename(name, as_name, src_dir_fd=source, dst_dir_fd=into)
        return
    linked()
    os.unlink(name, dir_fd=source)


def _stamp(stamp: Stamp, parent: int, name: str, path: str) -> None:
    """Set mode and time, unless it was saved meanwhile or is the same file as one somewhere else."""
    fd = os.open(name, _PATH_ONLY, dir_fd=parent)
    try:
        info = os.fstat(fd)
        if stamp.was is not None and (info.st_size, info.st_mtime_ns) != stamp.was:
            return
        if stat.S_ISLNK(info.st_mode):
            os.utime(name, ns=(stamp.mtime_ns, stamp.mtime_ns), dir_fd=parent, follow_symlinks=False)
        elif is_dir(info) or (stat.S_ISREG(info.st_mode) and info.st_nlink == 1):
            # A descriptor of this kind is not for fchmod, but has a path, and needs no right to read.
            at = Path(f"/proc/self/fd/{fd}")
            at.chmod(stamp.mode)
            os.utime(at, ns=(stamp.mtime_ns, stamp.mtime_ns))
    finally:
        os.close(fd)
