"""Keeping a data volume: a consistent copy is made by the engine and becomes one revision of the data's own stream.

Nothing is copied while the volume is as it was, and nothing is written where the copy holds what is kept already.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.domain.data_terms import DataTerms
from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Header, Origin, Why
from monitor.domain.moments import rfc3339
from monitor.domain.streams import data_of
from monitor.errors import Conflict, Refused, SlipwayError
from monitor.ports.files import Files
from monitor.ports.state_files import StateFiles
from monitor.ports.volumes import DataCopy, Mark, Volumes
from monitor.services.history.history import History

EVERYTHING = Overrides(everything=True)
MARKS = "data"


@dataclass(frozen=True, slots=True)
class DataKept:
    """What became of one look. `revision` is the stream's newest, `new` whether this made it; None: no volume, or
    nothing of it is kept. `busy` are paths that were changing while they were read, or could not be."""

    workspace: str
    revision: int | None = None
    kept_at: str | None = None
    grade: str = ""
    new: bool = False
    files: int = 0
    bytes: int = 0
    busy: tuple[str, ...] = ()
    there: bool = True

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class DataKeeper:
    """`terms` says how much is kept at most. `marks` remembers which state of a volume is kept: losing that costs a
    copy."""

    def __init__(
        self, engine: Volumes, history: History, files: Files, marks: StateFiles, terms: Callable[[str], DataTerms]
    ) -> None:
        self._engine, self._history, self._files = engine, history, files
        self._marks, self._terms = marks, terms
        self._locks: dict[str, asyncio.Lock] = {}
        self._replaced: set[str] = set()

    async def keep(self, workspace: str, kind: str = Why.CHANGE) -> DataKept:
        """Keep what is in the volume right now, where it changed.

        Raises `Refused` (`too-large`) for more than is kept, `Conflict` while the volume is being replaced,
        `EngineAway`, `LaunchFailed`, and as `History.commit`.
        """
        self._refuse_replaced(workspace)
        async with self._locks.setdefault(workspace, asyncio.Lock()):
            self._refuse_replaced(workspace)
            newest = await self._newest(workspace)
            known = None if newest is None else self._mark(workspace)
            return await self._copied(workspace, known, newest, kind)

    @asynccontextmanager
    async def replacing(self, workspace: str) -> AsyncIterator[None]:
        """Nobody else copies or replaces the volume meanwhile; raises `Conflict` where somebody replaces it already.

        A copy made between two steps of a replacement would be kept as if the app had left it so.
        """
        self._refuse_replaced(workspace)
        self._replaced.add(workspace)
        try:
            async with self._locks.setdefault(workspace, asyncio.Lock()):
                yield
        finally:
            self._replaced.discard(workspace)

    async def keep_before(self, workspace: str, kind: str) -> DataKept:
        """While `replacing`: a revision of its own of what is there, also where nothing changed; raises as `keep`,
        and `SlipwayError` where some of it cannot be read: it would be gone for good."""
        return await self._copied(workspace, None, await self._newest(workspace), kind, before=True)

    async def _copied(
        self, workspace: str, known: Mark | None, newest: Header | None, kind: str, *, before: bool = False
    ) -> DataKept:
        async with self._engine.copy_data(workspace, known, self._terms(workspace).limit) as copy:
            if copy is None:
                return _kept(workspace, newest, there=False)
            if copy.unchanged:
                return _kept(workspace, newest)
            if before and copy.unread:
                raise SlipwayError(
                    f"{len(copy.unread)} paths in the data of {workspace} cannot be read and would be lost, such as "
                    f"{copy.unread[0]!r}; nothing was changed",
                    hint="mend or remove them first",
                )
            return await self._commit(workspace, copy, kind, always=before)

    def _refuse_replaced(self, workspace: str) -> None:
        if workspace in self._replaced:
            raise Conflict(f"the data of {workspace} is being replaced", hint="try again once that is over")

    async def write(self, workspace: str, folder: Path, kind: str, origin: Origin) -> None:
        """One revision of what `folder` holds, which the volume was just given."""
        stream = data_of(workspace)
        self.forget(workspace)
        try:
            tree = await self._files.walk(folder, EVERYTHING)
            await self._history.commit(
                stream, folder, tree, kind=kind, overrides=EVERYTHING, max_file=_WHOLE, origin=origin, always=True
            )
        finally:
            self._history.forget(stream)

    def forget(self, workspace: str) -> None:
        """What the volume held last is not what it holds now."""
        self._marks.remove(mark_file(workspace))

    async def _commit(self, workspace: str, copy: DataCopy, kind: str, *, always: bool) -> DataKept:
        if copy.folder is None:
            raise Refused(
                f"the data of {workspace} is not kept: {copy.reason}",
                hint="set `data_limit:` below `keep:` in its slipway.yaml, such as 20g",
                reason="too-large",
            )
        stream = data_of(workspace)
        try:
            tree = await self._files.walk(copy.folder, EVERYTHING)
            tree = replace(tree, unread=(*tree.unread, *copy.unread), restless=frozenset(copy.unstable))
            revision = await self._history.commit(
                stream, copy.folder, tree, kind=kind, overrides=EVERYTHING, max_file=_WHOLE, always=always
            )
            newest = revision.header if revision else self._history.newest(stream)
        finally:
            self._history.forget(stream)
        self._marks.write(mark_file(workspace), copy.mark)
        busy = tuple(sorted({*copy.unstable, *copy.unread}))
        return replace(_kept(workspace, newest), new=revision is not None, busy=busy)

    def _mark(self, workspace: str) -> Mark | None:
        kept = self._marks.read(mark_file(workspace))
        return kept if isinstance(kept, dict) else None

    async def _newest(self, workspace: str) -> Header | None:
        """What is kept of it, in the store or on the way to it; None also where nobody can tell right now."""
        archive, stream = self._history.archive, data_of(workspace)
        try:
            seqs = await archive.seqs(stream)
            return await archive.header(stream, seqs[-1]) if seqs else None
        except SlipwayError:
            return None


_WHOLE = 1 << 62
"""What a volume holds is bounded as a whole: no file of it is too large by itself."""


def mark_file(workspace: str) -> str:
    """Where it is remembered which state of a volume is kept."""
    return f"{MARKS}/{workspace}.json"


def _kept(workspace: str, newest: Header | None, *, there: bool = True) -> DataKept:
    if newest is None:
        return DataKept(workspace, there=there)
    at, grade = rfc3339(newest.time_ns), newest.grade.value
    return DataKept(workspace, newest.seq, at, grade, files=newest.files, bytes=newest.bytes, there=there)
