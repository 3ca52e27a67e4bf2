"""Objects as files below one folder: written beside, flushed, then moved into place; blocking calls."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.adapters.folder_names import BESIDE, MORE, TEMPORARY, parts_of, segment_of
from monitor.ports.store import KeyExists, Listed, NoSuchKey, StoreAway, StoreFull, StoreRefused

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_MISSING = (FileNotFoundError, NotADirectoryError)


class FolderFiles:
    """The calls of `FolderStore`, each in the thread that makes it."""

    def __init__(self, root: Path, *, create: bool) -> None:
        self._root, self._create = root, create
        self._places = threading.Lock()

    def write(self, key: str, data: bytes, *, new: bool) -> None:
        with self._reading_errors(f"write {key}"):
            temporary = self._temporary(data)
            try:
                with self._places:
                    self._place(temporary, key, new=new)
            finally:
                with suppress(FileNotFoundError):
                    temporary.unlink()

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        with self._reading_errors(f"read {key}"), self._opened(key) as fd:
            size = os.fstat(fd).st_size
            wanted = size - start if length is None else length
            if start + wanted > size:
                raise StoreAway(f"{key} holds {size} bytes, {wanted} from {start} were asked for.")
            return _exactly(fd, start, wanted)

    def size(self, key: str) -> int:
        with self._reading_errors(f"look at {key}"), self._opened(key) as fd:
            return os.fstat(fd).st_size

    def delete(self, key: str) -> None:
        with self._reading_errors(f"delete {key}"), self._places:
            self._check_root()
            path = self._path(key)
            for place in (path, _beside(path)):
                if _is_file(place):
                    place.unlink()
            self._prune(path.parent)

    def children(self, folder: str) -> list[Listed]:
        """What lies directly in a folder of keys (`""`, or with the closing `/`); folders have size -1."""
        with self._reading_errors(f"list {folder or 'the folder'}"):
            self._check_root()
            path = self._root.joinpath(*parts_of(folder[:-1])) if folder else self._root
            found = list(_found(path, folder))
            return sorted(found, key=lambda one: one.key.encode())

    def sweep(self) -> None:
        """Remove what killed writes left behind; only for the one that owns the folder."""
        with suppress(OSError):
            for left in (self._root / TEMPORARY).iterdir():
                left.unlink()

    def _place(self, temporary: Path, key: str, *, new: bool) -> None:
        path = self._path(key)
        self._make_folders(path.parent)
        if path.is_dir() and not path.is_symlink():
            path = _beside(path)
        elif new and _is_file(_beside(path)):
            raise KeyExists(f"Something is kept under {key} already.")
        if not new:
            temporary.replace(path)
        elif not _link(temporary, path):
            raise KeyExists(f"Something is kept under {key} already.")
        _flush_folder(path.parent)

    def _make_folders(self, folder: Path) -> None:
        """Make what is missing; an object where a folder is needed steps aside."""
        missing: list[Path] = []
        while folder != self._root and not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            if _is_file(path):
                path.rename(_beside(path))
            path.mkdir(mode=0o700, exist_ok=True)
            _flush_folder(path.parent)

    def _temporary(self, data: bytes) -> Path:
        self._check_root()
        folder = self._root / TEMPORARY
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / secrets.token_hex(12)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        self._check_root()
        path = self._path(key)
        for place in (path, _beside(path)):
            try:
                fd = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except _MISSING:
                continue
            try:
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    yield fd
                    return
            finally:
                os.close(fd)
        raise NoSuchKey(f"Nothing is kept under {key}.")

    def _prune(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*parts_of(key))

    def _check_root(self) -> None:
        if self._create:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not self._root.is_dir():
            raise StoreAway(f"The folder {self._root} is not there.", hint="Is it mounted?")

    @contextmanager
    def _reading_errors(self, doing: str) -> Iterator[None]:
        """Turn what the system says into the port's exceptions."""
        try:
            yield
        except OSError as error:
            said = f"The folder {self._root} could not {doing}: {(error.strerror or str(error)).lower()}."
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise StoreFull(said, hint="Free some space on its disk.") from error
            if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP}:
                raise StoreRefused(said, hint="Mend the folder's permissions.") from error
            raise StoreAway(said, hint="Is its disk connected and mounted?") from error


def _found(path: Path, folder: str) -> Iterator[Listed]:
    try:
        items = list(os.scandir(path))
    except _MISSING:
        return
    for item in items:
        if item.name == TEMPORARY:
            continue
        if item.is_dir(follow_symlinks=False):
            if item.name.endswith(MORE):
                yield from _found(Path(item.path), folder + segment_of(item.name.removesuffix(MORE)))
            else:
                yield Listed(f"{folder}{segment_of(item.name)}/", -1)
        elif item.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                size = item.stat(follow_symlinks=False).st_size
                yield Listed(folder + segment_of(item.name.removesuffix(BESIDE)), size)


def _link(temporary: Path, path: Path) -> bool:
    """Make `path` the file, in one step, unless something is there; False then."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _copy_new(temporary, path)
    return True


def _copy_new(temporary: Path, path: Path) -> bool:
    """For shares without hard links: as exclusive, but a kill may leave it cut off."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(fd, "wb") as file:
        file.write(temporary.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    return True


def _exactly(fd: int, start: int, length: int) -> bytes:
    parts: list[bytes] = []
    while length > 0:
        part = os.pread(fd, length, start)
        if not part:
            raise StoreAway("The file became shorter while it was read.")
        parts.append(part)
        start, length = start + len(part), length - len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + BESIDE)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except _MISSING:
        return False


def _flush_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
