"""What builds and binds of a stack read of a workspace: hashed, sent and copied without ever following a link.

A context is what the instance's own files are, less `.dockerignore` and less secrets (an image keeps what it is built
from). Links that leave it are left out.
"""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import shutil
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from monitor.domain.dockerfile import ignored_by
from monitor.domain.secrets import secret_by_name
from monitor.errors import Refused

MOST_BYTES = 1024**3
MOST_FILES = 100_000
IGNORE = ".dockerignore"
DOCKERFILE = ".slipway.dockerfile"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Item:
    """One path of a context as it is on disk; `target` is a link's text, `fd` an open file's."""

    path: str
    mode: int
    size: int = 0
    target: str = ""
    fd: int = -1


def context_paths(source: Path, files: Iterable[str], context: str) -> list[str]:
    """The paths, relative to `context`, that a build there sees."""
    below = f"{context}/" if context else ""
    found = [path[len(below) :] for path in files if path.startswith(below)]
    ignored = ignored_by(_text(source, below + IGNORE)) if IGNORE in found else ignored_by("")
    return sorted(path for path in found if path != IGNORE and not _secret(path) and not ignored(path))


def bound_paths(files: Iterable[str], path: str) -> tuple[str, list[str]]:
    """What a bind of `path` shows: the folder everything is relative to, and the paths in it."""
    every = list(files)
    if path in every:
        folder, _, name = path.rpartition("/")
        return folder, [name]
    below = f"{path}/" if path else ""
    return path, sorted(one[len(below) :] for one in every if one.startswith(below))


def digest(source: Path, folder: str, paths: Iterable[str], *more: str) -> str:
    """24 hex digits naming the bytes, modes and links at `paths` of a folder, and the words of `more`."""
    hashing = _Digest(more)
    for item in items(source, folder, paths):
        hashing.item(item)
        if item.fd >= 0:
            for piece in _pieces(item.fd):
                hashing.bytes(piece)
    return hashing.name


def pack(source: Path, folder: str, paths: Iterable[str], extra: dict[str, bytes], out: IO[bytes], *more: str) -> str:
    """Write a context and `extra` files as a tar file; returns its `digest`, `extra` not counted."""
    hashing = _Digest(more)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in items(source, folder, paths):
            hashing.item(item)
            archive.addfile(_header(item), _Hashed(item.fd, item.size, hashing) if item.fd >= 0 else None)
        for name, data in extra.items():
            archive.addfile(_header(Item(name, 0o644, len(data))), io.BytesIO(data))
    return hashing.name


def copy(source: Path, folder: str, paths: Iterable[str], target: Path) -> None:
    """Copy `paths` of a folder below `target`, made anew, readable by every user."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for item in items(source, folder, paths):
        place = target / item.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if item.target:
            place.symlink_to(item.target)
        elif item.fd < 0:
            place.mkdir(exist_ok=True)
        else:
            with place.open("wb") as writer:
                for piece in _pieces(item.fd):
                    writer.write(piece)
            place.chmod(item.mode)
    for inside in (target, *(path for path in target.rglob("*") if path.is_dir() and not path.is_symlink())):
        inside.chmod(0o755)


def items(source: Path, folder: str, paths: Iterable[str]) -> Iterator[Item]:
    """Each path as it is now, in order; what vanished, leads out or is nothing a build can use is left out.

    Raises `Refused` where there is more than a build may be given. A file is open only until the next is asked for.
    """
    total = 0
    for count, path in enumerate(paths):
        with ExitStack() as stack:
            item = _opened(source, folder, path, stack)
            if item is None:
                continue
            total += item.size
            if total > MOST_BYTES or count > MOST_FILES:
                most = f"{MOST_BYTES // 1024**2} MiB or {MOST_FILES} files"
                raise Refused(
                    f"{folder or 'the folder'} holds more than the {most} a build may be given",
                    hint="name what the build does not need in .dockerignore",
                )
            yield item


class _Digest:
    def __init__(self, more: Iterable[str]) -> None:
        self._hash = hashlib.sha256("\0".join(more).encode("utf-8", "surrogateescape"))

    def item(self, item: Item) -> None:
        said = f"\0{item.path}\0{item.mode:o}\0{item.size}\0{item.target}\0"
        self._hash.update(said.encode("utf-8", "surrogateescape"))

    def bytes(self, piece: bytes) -> None:
        self._hash.update(piece)

    @property
    def name(self) -> str:
        return self._hash.hexdigest()[:24]


class _Hashed(io.RawIOBase):
    """Reads exactly `size` bytes of a file for the archive, hashing them; a file that shrank ends in zeros."""

    def __init__(self, fd: int, size: int, hashing: _Digest) -> None:
        self._fd, self._left, self._hashing = fd, size, hashing

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = b""
        while len(data) < wanted and (piece := os.read(self._fd, min(wanted - len(data), _PIECE))):
            data += piece
        self._hashing.bytes(data)
        self._left -= wanted
        return data.ljust(wanted, b"\0")


def _header(item: Item) -> tarfile.TarInfo:
    """As any user may read it; times are no part of it, so that equal files make an equal image."""
    info = tarfile.TarInfo(item.path)
    info.mode, info.size = item.mode, item.size
    if item.target:
        info.type, info.linkname = tarfile.SYMTYPE, item.target
    elif item.fd < 0 and item.mode & stat.S_IFDIR:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info


def _opened(source: Path, folder: str, path: str, stack: ExitStack) -> Item | None:
    *above, name = [part for part in f"{folder}/{path}".split("/") if part]
    if any(part in {".", ".."} for part in (*above, name)):
        return None
    try:
        at = _open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, None, stack)
        for part in above:
            at = _open(part, _FOLDER, at, stack)
        info = os.stat(name, dir_fd=at, follow_symlinks=False)
        if stat.S_ISLNK(info.st_mode):
            target = os.readlink(name, dir_fd=at)
            return Item(path, 0o777, target=target) if _stays(path, target) else None
        if stat.S_ISDIR(info.st_mode):
            return Item(path, stat.S_IFDIR | 0o755)
        if not stat.S_ISREG(info.st_mode):
            return None
        fd = _open(name, _FILE, at, stack)
        info = os.fstat(fd)
        return Item(path, 0o755 if info.st_mode & 0o111 else 0o644, info.st_size, fd=fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", hint="mend its permissions") from error


def _open(path: str | Path, flags: int, at: int | None, stack: ExitStack) -> int:
    fd = os.open(path, flags, dir_fd=at)
    stack.callback(os.close, fd)
    return fd


def _stays(path: str, target: str) -> bool:
    """Whether a link at `path` leads to somewhere inside the context."""
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return bool(target) and not target.startswith("/") and reached != ".." and not reached.startswith("../")


def _pieces(fd: int) -> Iterator[bytes]:
    while piece := os.read(fd, _PIECE):
        yield piece


def _text(source: Path, path: str) -> str:
    folder, _, name = path.rpartition("/")
    for item in items(source, folder, [name]):
        if item.fd >= 0 and item.size <= _PIECE:
            return b"".join(_pieces(item.fd)).decode("utf-8", "replace")
    return ""


def _secret(path: str) -> bool:
    *above, name = path.split("/")
    return bool(secret_by_name(name)) or any(secret_by_name(part, is_dir=True) for part in above)
