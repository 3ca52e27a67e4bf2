"""`Folders` on disk: a folder is renamed out of sight first, so that nobody sees it half gone."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from monitor.errors import NotFound, SlipwayError

OWN, PREFIX = ".slipway", "deleted-"


class DiskFolders:
    """Blocking calls run in a thread of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="folders")

    async def discard(self, folder: Path) -> None:
        """See `Folders`."""
        await asyncio.get_running_loop().run_in_executor(self._pool, _discard, folder)

    async def sweep(self, root: Path) -> None:
        """See `Folders`."""
        await asyncio.get_running_loop().run_in_executor(self._pool, _sweep, root)

    def close(self) -> None:
        self._pool.shutdown()


def _discard(folder: Path) -> None:
    own = folder.parent / OWN
    aside = own / f"{PREFIX}{secrets.token_hex(8)}"
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        folder.rename(aside)
    except FileNotFoundError:
        raise NotFound(f"{folder} is not there") from None
    except OSError as error:
        raise SlipwayError(
            f"{folder} cannot be removed: {error.strerror or error}",
            hint="mend its permissions, or remove it yourself",
        ) from error
    _remove(aside)


def _sweep(root: Path) -> None:
    for left in root.joinpath(OWN).glob(f"{PREFIX}*"):
        _remove(left)


def _remove(aside: Path) -> None:
    # What cannot be removed is out of sight, and tried again at the next start.
    if aside.is_symlink():
        aside.unlink(missing_ok=True)
    else:
        shutil.rmtree(aside, ignore_errors=True)
