"""Bringing the working copy to the listed state: only what differs, never a half-written file.

A running server may read any file at any moment, so each one is written beside its place and renamed
into it. What an earlier list had and the new one has not is deleted; anything else in the app folder was
written by the app or its tools and stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat

from places import Failed

_PART = ".slipway-part"
_CHUNK = 1 << 24


class WorkingCopy:
    """The app folder as a copy of the source; `skip` are paths (and what is below) that live elsewhere."""

    def __init__(self, source: str, app: str, skip: tuple[str, ...] = ()) -> None:
        self.source = source
        self.app = app
        self._skip = tuple(path.rstrip("/") for path in skip)
        self._real: set[str] = set()

    def update(self, earlier: list[str], wanted: list[str]) -> bool:
        """Copy what differs and delete what went; whether anything changed.

        Raises `Failed` for what cannot be read or written. A file that vanished meanwhile is none of that:
        another list is on its way.
        """
        self._real.clear()
        paths = [path for path in wanted if not self._elsewhere(path)]
        try:
            changed = [path for path in paths if self._place(path)]
            gone = [path for path in set(earlier) - set(wanted) if not self._elsewhere(path) and self._delete(path)]
        except OSError as error:
            raise Failed(f"cannot copy {error.filename!r} into the app folder: {error.strerror}") from error
        return bool(changed or gone)

    def _elsewhere(self, path: str) -> bool:
        return any(path == top or path.startswith(f"{top}/") for top in self._skip)

    def _place(self, path: str) -> bool:
        source, target = os.path.join(self.source, path), os.path.join(self.app, path)
        if not self._has_real_parents(path):
            return False
        try:
            wanted = os.lstat(source)
            if same(wanted, _lstat(target), source, target):
                return False
            self._make_room(path, stat.S_ISDIR(wanted.st_mode))
            return copy_entry(source, target, wanted)
        except FileNotFoundError:
            if os.path.lexists(source):
                raise
            return False

    def _has_real_parents(self, path: str) -> bool:
        """No folder on the way is a symlink: its content would come from outside the source."""
        parent = os.path.dirname(path)
        if not parent or parent in self._real:
            return True
        info = _lstat(os.path.join(self.source, parent))
        if info is None or not stat.S_ISDIR(info.st_mode) or not self._has_real_parents(parent):
            return False
        self._real.add(parent)
        return True

    def _make_room(self, path: str, is_dir: bool) -> None:
        """Folders on the way to `path` become folders, and what stands there in another shape goes."""
        at = self.app
        for part in path.split("/")[:-1]:
            at = os.path.join(at, part)
            info = _lstat(at)
            if info is not None and not stat.S_ISDIR(info.st_mode):
                os.unlink(at)
                info = None
            if info is None:
                os.mkdir(at)
        target = os.path.join(self.app, path)
        there = _lstat(target)
        if there is not None and stat.S_ISDIR(there.st_mode) and not is_dir:
            shutil.rmtree(target)
        elif there is not None and is_dir and not stat.S_ISDIR(there.st_mode):
            os.unlink(target)

    def _delete(self, path: str) -> bool:
        target = os.path.join(self.app, path)
        try:
            if stat.S_ISDIR(os.lstat(target).st_mode):
                _remove_if_empty(target)
            else:
                os.unlink(target)
        except (FileNotFoundError, NotADirectoryError):
            return False
        parent = os.path.dirname(path)
        while parent and _remove_if_empty(os.path.join(self.app, parent)):
            parent = os.path.dirname(parent)
        return True


def same(source: os.stat_result, target: os.stat_result | None, source_path: str, target_path: str) -> bool:
    """Nothing to copy: type, size, time and mode agree (a link: where it points).

    A source whose inode changed since it was copied may be an edit that put its time back: its bytes are compared.
    """
    if target is None or stat.S_IFMT(source.st_mode) != stat.S_IFMT(target.st_mode):
        return False
    if stat.S_ISLNK(source.st_mode):
        return os.readlink(source_path) == os.readlink(target_path)
    if stat.S_ISDIR(source.st_mode):
        return True
    there = (target.st_size, target.st_mtime_ns, stat.S_IMODE(target.st_mode))
    if (source.st_size, source.st_mtime_ns, _mode(source)) != there:
        return False
    return source.st_ctime_ns < target.st_ctime_ns or _same_bytes(source_path, target_path)


def copy_entry(source: str, target: str, info: os.stat_result) -> bool:
    """Make `target` what `source` is, in one step where readers could look; whether it is a kind we copy."""
    if stat.S_ISDIR(info.st_mode):
        with contextlib.suppress(FileExistsError):
            os.mkdir(target)
        return True
    part = os.path.join(os.path.dirname(target), f"{_PART}-{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part)
    if stat.S_ISLNK(info.st_mode):
        os.symlink(os.readlink(source), part)
    elif stat.S_ISREG(info.st_mode):
        _copy_file(source, part)
    else:
        return False
    os.replace(part, target)
    return True


def _same_bytes(source: str, target: str) -> bool:
    with open(_reading(source), "rb") as ours, open(_reading(target), "rb") as copy:
        before = os.fstat(ours.fileno())
        while part := ours.read(_CHUNK):
            if copy.read(_CHUNK) != part:
                return False
        if os.fstat(ours.fileno()).st_ctime_ns == before.st_ctime_ns:
            # A newer inode than the source's: next time nothing is read.
            with contextlib.suppress(OSError):
                info = os.fstat(copy.fileno())
                os.utime(copy.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))
    return True


def _reading(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _copy_file(source: str, part: str) -> None:
    """Bytes, mode and the time *before* reading: a file changed meanwhile differs and is copied again next time."""
    reading = _reading(source)
    try:
        info = os.fstat(reading)
        writing = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while os.sendfile(writing, reading, None, _CHUNK):
                pass
            os.fchmod(writing, _mode(info))
            os.utime(writing, ns=(info.st_mtime_ns, info.st_mtime_ns))
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _mode(info: os.stat_result) -> int:
    """The source's permissions, but its owner here can always read and replace it; never set-id."""
    return (stat.S_IMODE(info.st_mode) & 0o777) | 0o600


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _remove_if_empty(folder: str) -> bool:
    """Remove a folder with nothing in it but compiled leftovers of what was there."""
    try:
        if os.listdir(folder) == ["__pycache__"]:
            shutil.rmtree(os.path.join(folder, "__pycache__"))
        os.rmdir(folder)
    except OSError:
        return False
    return True
