"""Where a data volume's content is laid out on this host, and how the programs that copy and replace it answer.

<folder>/<workspace>.<what>/content/     a copy of a volume, or what is to replace it
<folder>/<workspace>.<what>/answer.json  what the program said (see `runtimes/data/`)
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.adapters.disk.opening import folder_fd, read_small
from monitor.errors import SlipwayError
from monitor.ports.engine import LaunchFailed
from monitor.ports.volumes import DataCopy, Mark, Volumes

CONTENT, ANSWER = "content", "answer.json"
COPYING, REPLACING = "volume_copy.py", "volume_replace.py"
MOST_ANSWER = 64 * 1024 * 1024


class Stages:
    """Folders below `folder`, each for the while of one piece of work; what a kill left is removed by the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="volumes")

    @asynccontextmanager
    async def stage(self, workspace: str, what: str) -> AsyncIterator[Path]:
        """An empty `content` folder; raises `SlipwayError` where the disk does not take it."""
        top = self._folder / f"{workspace}.{what}"
        loop = asyncio.get_running_loop()
        try:
            yield await loop.run_in_executor(self._pool, _emptied, top)
        finally:
            await asyncio.shield(loop.run_in_executor(self._pool, _removed, top))

    def close(self) -> None:
        self._pool.shutdown(wait=False)


class WithVolumes:
    """An engine's calls about data volumes, answered by a part of their own."""

    _volumes: Volumes

    def copy_data(
        self, workspace: str, known: Mark | None, limit: int
    ) -> AbstractAsyncContextManager[DataCopy | None]:
        return self._volumes.copy_data(workspace, known, limit)

    def data_stage(self, workspace: str) -> AbstractAsyncContextManager[Path]:
        return self._volumes.data_stage(workspace)

    async def replace_data(self, workspace: str, stage: Path, user: tuple[int, int]) -> None:
        await self._volumes.replace_data(workspace, stage, user)

    async def recover_data(self, workspace: str) -> None:
        await self._volumes.recover_data(workspace)


def answer_of(stage: Path) -> dict[str, Any]:
    """What the program wrote; raises `LaunchFailed` where that is nothing."""
    try:
        with folder_fd(stage.parent) as folder:
            found: Any = json.loads(read_small(ANSWER, folder, MOST_ANSWER) or b"")
    except (OSError, ValueError, RecursionError, SlipwayError) as error:
        raise LaunchFailed(f"the program that reads data volumes gave no answer: {error}") from error
    if not isinstance(found, dict):
        raise LaunchFailed("the program that reads data volumes gave an odd answer")
    return found


def copied(answer: dict[str, Any], stage: Path, limit: int) -> DataCopy:
    """The copying program's answer as the port's value."""
    state, size = answer["state"], int(answer["bytes"])
    return DataCopy(
        stage if state == "copied" else None,
        answer["mark"] or {},
        int(answer["files"]),
        size,
        unchanged=state == "unchanged",
        reason=f"it holds {size} bytes, and at most {limit} are kept" if state == "too-large" else "",
        unstable=tuple(answer["unstable"]),
        unread=tuple(path for path, _ in answer["unread"]),
        left_out=tuple((path, why) for path, why in answer["left_out"]),
    )


def failed(workspace: str, log: Sequence[str]) -> LaunchFailed:
    """The program ended badly; its last line says why."""
    said = next((line for line in reversed(log) if line.strip()), "it said nothing")
    return LaunchFailed(
        f"the data volume of {workspace} could not be worked on: {said[:300]}",
        hint="is the disk full? What the volume held is still there",
        log=log,
    )


def _emptied(top: Path) -> Path:
    try:
        shutil.rmtree(top, ignore_errors=True)
        # Its users only pass through: what is inside has modes of its own.
        (top / CONTENT).mkdir(parents=True)
        for folder in (top.parent, top, top / CONTENT):
            folder.chmod(0o711)
    except OSError as error:
        raise SlipwayError(
            f"{top} cannot be made: {error.strerror}", hint="free some disk space or mend its permissions"
        ) from error
    return top / CONTENT


def _removed(top: Path) -> None:
    shutil.rmtree(top, onerror=_again)


def _again(function: object, path: str, _error: object) -> None:
    """Folders of an app may be closed even to their owner."""
    target = Path(path)
    for folder in (target.parent, target):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o700)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target, ignore_errors=True)
    else:
        target.unlink(missing_ok=True)
