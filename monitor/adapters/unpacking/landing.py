"""`Landing` on disk: staged in `<root>/.slipway/new-…`, then renamed; what a kill left goes at the next start."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from monitor.adapters.unpacking.tars import unpack_tar
from monitor.adapters.unpacking.writing import Tree, no_room, put
from monitor.adapters.unpacking.zips import unpack_zip
from monitor.domain.creating.intake import Intake, Unsafe, lifted
from monitor.domain.sizes import MIB
from monitor.errors import Conflict

OWN, PREFIX = ".slipway", "new-"
GZIP, ZIP, ZIP_EMPTY, TAR_AT, TAR = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", 257, b"ustar"

Found = TypeVar("Found")


class DiskLanding:
    """Blocking calls run in two threads of its own; `close` ends them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="landing")
        self._living: set[str] = set()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def begin(self, root: Path) -> DiskStage:
        """See `Landing`."""
        name = f"{PREFIX}{secrets.token_hex(8)}"
        self._living.add(name)
        place = root / OWN / name
        await _run(self._pool, _make, place)
        return DiskStage(root, place, self._pool, lambda: self._living.discard(name))

    async def sweep(self, root: Path) -> None:
        """See `Landing`."""
        await _run(self._pool, _sweep, root, frozenset(self._living))


class DiskStage:
    """`Stage` on disk: `sent` is the archive, `tree` what becomes the workspace."""

    def __init__(self, root: Path, place: Path, pool: ThreadPoolExecutor, over: Callable[[], None]) -> None:
        self._root, self._place, self._pool, self._over = root, place, pool, over
        self._sent, self._tree = place / "sent", Tree(place / "tree")

    async def receive(self, chunks: AsyncIterator[bytes], most: int) -> int:
        size = 0
        with self._sent.open("xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise Unsafe(f"more than {most // MIB:,} MiB were sent", hint="copy the folder into workspaces/")
                await _run(self._pool, put, file, chunk)
        return size

    async def unpack(self, intake: Intake) -> None:
        await _run(self._pool, _unpack, self._sent, self._tree, intake)

    async def write(self, path: str, chunks: AsyncIterator[bytes], intake: Intake) -> None:
        with await _run(self._pool, self._tree.open, path) as file:
            async for chunk in chunks:
                intake.grew(len(chunk))
                await _run(self._pool, put, file, chunk)

    async def fill(self, files: Mapping[str, bytes]) -> None:
        await _run(self._pool, _fill, self._tree, files)

    async def place(self, name: str) -> Path:
        return await _run(self._pool, _place, self._tree.folder, self._root / name)

    async def discard(self) -> None:
        await _run(self._pool, shutil.rmtree, self._place, True)
        self._over()


async def _run(pool: ThreadPoolExecutor, call: Callable[..., Found], *args: object) -> Found:
    return await asyncio.get_running_loop().run_in_executor(pool, call, *args)


def _make(place: Path) -> None:
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.mkdir(mode=0o700)
        (place / "tree").mkdir(mode=0o755)
    except OSError as error:
        raise no_room(error) from error


def _unpack(sent: Path, tree: Tree, intake: Intake) -> None:
    with sent.open("rb") as file:
        head = file.read(TAR_AT + len(TAR))
    if head.startswith((ZIP, ZIP_EMPTY)):
        unpack_zip(sent, tree, intake)
    elif head.startswith(GZIP) or head[TAR_AT:] == TAR:
        unpack_tar(sent, tree, intake, packed=head.startswith(GZIP))
    else:
        raise Unsafe("this is no zip, tar or tar.gz archive", hint="pack the folder as one of these")


def _fill(tree: Tree, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        with tree.open(path) as file:
            put(file, data)


def _place(tree: Path, target: Path) -> Path:
    top = {one.name: one.is_dir() for one in os.scandir(tree)}
    if not top:
        raise Unsafe("there is no file in it", hint="send the project's files")
    only = lifted(top)
    source = tree / only if only else tree
    # A folder renamed onto an empty one replaces it without a word.
    if os.path.lexists(target):
        raise Conflict(f"there is a folder {target.name!r} already", hint="choose another name", reason="name-taken")
    try:
        source.chmod(0o755)
        source.rename(target)
    except OSError as error:
        raise no_room(error) from error
    return target


def _sweep(root: Path, living: frozenset[str]) -> None:
    for left in root.joinpath(OWN).glob(f"{PREFIX}*"):
        if left.name not in living:
            shutil.rmtree(left, ignore_errors=True)
