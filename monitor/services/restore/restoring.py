"""What the doors ask for: one workspace or all of them put back, from the primary or straight from a destination."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.destinations import PRIMARY
from monitor.domain.history.revision import Why
from monitor.domain.restoring.moment_text import parse_moment
from monitor.domain.restoring.plan import Mode
from monitor.domain.streams import is_data
from monitor.errors import NotFound, SlipwayError, UsageError
from monitor.ports.clock import Clock
from monitor.services.destinations.looking import known
from monitor.services.destinations.places import Below
from monitor.services.history.archive import Archive
from monitor.services.jobs import Tell
from monitor.services.restore.choosing import Choosing, Chosen
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.wish import Wish

Opened = AbstractAsyncContextManager[Archive]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted, in the words of the command line.

    Of `at`, `revision` and `snapshot` exactly one; none brings a deleted workspace back as it was last.
    """

    at: str | None = None
    revision: int | None = None
    snapshot: str | None = None
    mode: Mode = Mode.MIRROR
    path: str = ""
    into: Path | None = None
    as_name: str | None = None
    force: bool = False
    dry_run: bool = False
    destination: str = PRIMARY

    @property
    def anything(self) -> bool:
        """Whether a moment was named."""
        return (self.at, self.revision, self.snapshot) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Restoring:
    """`opened(name)` gives the history at the primary or at a destination; `restorer` one that reads from it."""

    opened: Callable[[str], Opened]
    restorer: Callable[[Archive], Restorer]
    clock: Clock

    async def one(self, workspace: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """One workspace; the answer has `lines` for people. Raises what choosing and restoring raise."""
        async with self.opened(asked.destination) as archive:
            return await self._one(archive, workspace, asked, tell)

    async def all(self, workspaces: Sequence[str], asked: Asked, tell: Tell) -> dict[str, Any]:
        """Each of `workspaces`, or every one that is kept there; what fails with one does not stop the others.

        The answer's `items` are the workspaces', each with an `error` where it failed; those that were not there yet,
        or were deleted, at that moment are `skipped`.
        """
        if asked.path or asked.into or asked.as_name or asked.snapshot or asked.revision is not None:
            raise UsageError(
                "all workspaces are restored as a whole, to a moment", hint="name one workspace, or --at"
            )
        if asked.at is None:
            raise UsageError("all workspaces are restored to a moment", hint="say which, such as '10 minutes ago'")
        parse_moment(asked.at, self.clock.wall_ns())
        async with self.opened(asked.destination) as archive:
            kept = await known(Below(archive.store, archive.prefix), workspaces)
            names = [name for name in kept if not is_data(name)]
            items = [await self._calmly(archive, name, asked, tell) for name in names]
        problems = [f"{item['workspace']}: {item['error']}" for item in items if item.get("error")]
        problems += [f"{item['workspace']}: not all of it is in place" for item in items if item.get("incomplete")]
        return {"items": items, "problems": problems}

    async def _one(self, archive: Archive, workspace: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        restorer, choosing = self.restorer(archive), Choosing(archive, self.clock)
        if asked.anything or await restorer.is_there(workspace):
            chosen = await choosing.choose(
                workspace, at=asked.at, revision=asked.revision, snapshot=asked.snapshot, force=asked.force
            )
            _refuse_deleted(chosen)
        else:
            chosen = await choosing.last_alive(workspace)
        wish = Wish(chosen, asked.mode, asked.path, asked.into, asked.as_name)
        if asked.dry_run:
            planned = await restorer.plan(wish)
            said = {**planned.as_json(), "incomplete": planned.incomplete, "lines": list(planned.lines())}
        else:
            result = await restorer.run(wish, tell=tell)
            said = {**result.as_json(), "lines": list(result.lines())}
        return {"workspace": workspace, "dry_run": asked.dry_run, **said}

    async def _calmly(self, archive: Archive, workspace: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        tell(f"restoring {workspace}", None, None)
        try:
            chosen = await Choosing(archive, self.clock).choose(workspace, at=asked.at)
            if chosen.header.kind == Why.DELETED:
                return {"workspace": workspace, "skipped": "it was deleted by then"}
            return await self._one(archive, workspace, asked, tell)
        except NotFound as error:
            return {"workspace": workspace, "skipped": error.message}
        except SlipwayError as error:
            return {"workspace": workspace, "error": error.message}


def _refuse_deleted(chosen: Chosen) -> None:
    """Back to when there was no such workspace would be an empty folder: nobody asks for that by a moment."""
    if chosen.header.kind == Why.DELETED:
        before = chosen.header.parent
        raise NotFound(
            f"{chosen.workspace} had been deleted then: revision {chosen.seq} says so and holds nothing",
            hint=f"revision {before} is the last one before" if before else "choose another moment",
        )
