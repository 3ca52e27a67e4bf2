"""`Folders` on disk: a folder is renamed out of sight first, so that nobody sees it half gone.

It lies in `<root>/.slipway/leaving-…/` while it may still have to come back, in `deleted-…/` once it may go.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.errors import NotFound, SlipwayError

OWN, LEAVING, DELETED = ".slipway", "leaving-", "deleted-"

Found = TypeVar("Found")

log = logging.getLogger(__name__)


class DiskFolders:
    """Blocking calls run in a thread of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="folders")
        self._living: set[str] = set()

    async def aside(self, folder: Path) -> Path:
        """See `Folders`."""
        place = folder.parent / OWN / f"{LEAVING}{secrets.token_hex(8)}"
        self._living.add(place.name)
        return await self._run(partial(_aside, folder, place))

    async def back(self, aside: Path, folder: Path) -> None:
        """See `Folders`."""
        await self._run(partial(_back, aside, folder))

    async def discard(self, aside: Path) -> None:
        """See `Folders`."""
        await self._run(partial(_discard, aside))

    async def sweep(self, root: Path) -> None:
        """See `Folders`; what this very process moved is left alone."""
        await self._run(partial(_sweep, root, frozenset(self._living)))

    def close(self) -> None:
        self._pool.shutdown()

    async def _run(self, call: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _aside(folder: Path, place: Path) -> Path:
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.mkdir(mode=0o700)
        return folder.rename(place / folder.name)
    except FileNotFoundError:
        with suppress(OSError):
            place.rmdir()
        raise NotFound(f"{folder} is not there", hint="it may have been deleted or renamed meanwhile") from None
    except OSError as error:
        with suppress(OSError):
            place.rmdir()
        raise SlipwayError(
            f"{folder} cannot be removed: {error.strerror or error}",
            hint="mend its permissions, or remove it yourself",
        ) from error


def _back(aside: Path, folder: Path) -> None:
    try:
        # A rename would take the place of an empty folder, and of nothing else.
        if folder.is_symlink() or folder.exists():
            raise FileExistsError(errno.EEXIST, "something else stands there now")
        aside.rename(folder)
        aside.parent.rmdir()
    except OSError as error:
        raise SlipwayError(
            f"{folder} cannot be put back: {error.strerror or error}; all of it is in {aside}",
            hint="move it back yourself",
        ) from error


def _discard(aside: Path) -> None:
    gone = aside.parent.with_name(aside.parent.name.replace(LEAVING, DELETED, 1))
    try:
        aside.parent.rename(gone)
    except OSError as error:
        raise SlipwayError(
            f"{aside} cannot be removed: {error.strerror or error}", hint="remove it yourself, or move it back"
        ) from error
    _remove(gone)


def _sweep(root: Path, living: frozenset[str]) -> None:
    for left in root.joinpath(OWN).glob(f"{DELETED}*"):
        _remove(left)
    for left in (one for one in root.joinpath(OWN).glob(f"{LEAVING}*") if one.name not in living):
        for folder in left.iterdir():
            try:
                _back(folder, root / folder.name)
            except SlipwayError as error:
                log.warning("%s", error.message)
        with suppress(OSError):
            left.rmdir()


def _remove(aside: Path) -> None:
    # What cannot be removed is out of sight, and tried again at the next start.
    if aside.is_symlink():
        aside.unlink(missing_ok=True)
    else:
        shutil.rmtree(aside, ignore_errors=True)
