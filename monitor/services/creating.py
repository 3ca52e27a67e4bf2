"""New workspaces: from a template, an archive, uploaded files, or what was kept of another one.

Whatever it comes from, it is made out of sight and is there at once, whole, under its name: the reconciler then takes
it up as any folder that was dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.domain.creating.intake import LIMITS, Intake, Limits, Unsafe, What
from monitor.domain.creating.naming import checked_new_name
from monitor.domain.creating.templates import Template
from monitor.domain.state import WorkspaceState
from monitor.domain.workspace import NAME
from monitor.errors import Conflict, NotFound, UsageError
from monitor.ports.clock import Clock
from monitor.ports.landing import Landing, Stage
from monitor.services.jobs import Tell
from monitor.services.past.acting import Acting
from monitor.services.past.reading import NEWEST

TAKEN_UP_S = 5.0
LOOK_S = 0.05

Upload = tuple[str, AsyncIterator[bytes]]


@dataclass(slots=True)
class Creating:
    """`folders` are the workspaces on disk; `look` tells the reconciler; `known` gives one that it has taken up."""

    root: Path
    landing: Landing
    clock: Clock
    folders: Callable[[], Awaitable[Mapping[str, Path]]]
    look: Callable[[], None]
    known: Callable[[str], WorkspaceState | None]
    templates: Mapping[str, Template] = field(default_factory=dict)
    acting: Acting | None = None
    limits: Limits = LIMITS
    _begun: set[str] = field(default_factory=set)

    async def from_template(self, name: str, template: str) -> dict[str, Any]:
        """A small project of ours. Raises `UsageError`, `Conflict`."""
        found = self.templates.get(template)
        if found is None:
            raise UsageError(
                f"there is no template {template[:40]!r}", hint=f"templates are {', '.join(self.templates)}"
            )
        async with self.making(name) as stage:
            await stage.fill({path: text.encode() for path, text in found.files.items()})
        return await self.taken_up(name)

    async def from_archive(self, name: str, chunks: AsyncIterator[bytes]) -> dict[str, Any]:
        """A zip, tar or tar.gz. Raises `UsageError`, `Conflict`, `Unsafe`."""
        async with self.making(name) as stage:
            sent = await stage.receive(chunks, self.limits.sent)
            await stage.unpack(Intake(self.limits, sent))
        return await self.taken_up(name)

    async def from_files(self, name: str, uploads: AsyncIterator[Upload]) -> dict[str, Any]:
        """Files as they come, each with its path. Raises `UsageError`, `Conflict`, `Unsafe`."""
        intake = Intake(self.limits)
        async with self.making(name) as stage:
            async for said, chunks in uploads:
                path = intake.take(said, What.FILE)
                if path is not None:
                    await stage.write(path, chunks, intake)
            if not intake.files:
                raise Unsafe("no file was sent", hint="choose a folder that has files in it")
        return await self.taken_up(name)

    async def from_past(self, name: str, source: str, tell: Tell) -> dict[str, Any]:
        """A fork: `shop` as it is now, `shop@v1`, `shop@12`, `shop@2024-01-15 10:30:00`. Raises as choosing does."""
        if self.acting is None:
            raise NotFound("nothing is kept here")
        workspace, _, which = source.partition("@")
        await self.free(name)
        with self._alone(name):
            revision = await self.acting.reading.seq(workspace, which or NEWEST) if which else None
            done = await self.acting.fork(workspace, name, revision=revision, tell=tell)
        state = await self.taken_up(name)
        return {**state, "incomplete": done["incomplete"], "lines": done["lines"]}

    async def kept(self, name: str) -> bool:
        """Whether a deleted workspace of this name has a history, which a new one continues."""
        return bool(self.acting and NAME.match(name) and await self.acting.reading.archive.seqs(name))

    async def free(self, name: str) -> None:
        """Raises `UsageError` and `Conflict`, each with a name that is free."""
        checked_new_name(name, {*await self.folders(), *self._begun})

    @asynccontextmanager
    async def making(self, name: str) -> AsyncIterator[Stage]:
        """A stage that becomes the workspace when the block ends well, and nothing otherwise."""
        await self.free(name)
        with self._alone(name):
            stage = await self.landing.begin(self.root)
            try:
                yield stage
                if name in await self.folders():
                    raise Conflict(f"there is a workspace '{name}' by now", hint="choose another name")
                await stage.place(name)
            finally:
                await asyncio.shield(stage.discard())

    async def taken_up(self, name: str) -> dict[str, Any]:
        """The new workspace as the monitor sees it, for which it is given a moment."""
        self.look()
        until = self.clock.monotonic() + TAKEN_UP_S
        while (state := self.known(name)) is None and self.clock.monotonic() < until:
            await self.clock.sleep(LOOK_S)
        return (state or WorkspaceState(name, name)).as_json()

    def _alone(self, name: str) -> _Alone:
        return _Alone(self._begun, name)


@dataclass(frozen=True, slots=True)
class _Alone:
    """Two who make the same name at the same time: the second is told at once."""

    begun: set[str]
    name: str

    def __enter__(self) -> None:
        self.begun.add(self.name)

    def __exit__(self, *exc: object) -> None:
        self.begun.discard(self.name)
