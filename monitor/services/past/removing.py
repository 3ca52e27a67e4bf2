"""Taking a workspace away: its folder after a last revision, or everything of it for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from monitor.domain.streams import data_of
from monitor.errors import Conflict, Refused, UsageError
from monitor.ports.folders import Folders
from monitor.services.gc.purging import Purger
from monitor.services.jobs import Tell
from monitor.services.past.acting import Acting


async def nothing(name: str) -> None:
    """Where no instances can be."""


@dataclass(frozen=True, slots=True)
class Removing:
    """`forget` removes what the engine still has of a workspace that is purged, its data volume included."""

    acting: Acting
    folders: Folders
    purger: Purger
    forget: Callable[[str], Awaitable[None]] = nothing

    async def delete(self, name: str, *, force: bool, tell: Tell) -> dict[str, Any]:
        """Remove the folder once all of it is kept: `restore NAME` brings it back.

        Raises `Refused` for what is in no revision (secrets, files too large to be kept) unless `force`, and `Away`
        where the store is not reached; nothing was removed then.
        """
        folder = await self.acting.folder(name)
        tell("keeping what is there now")
        kept = await self.acting.push(name, tell)
        left = self.acting.history.state(name).left_out
        lost = [f"{left.secrets} files that look like secrets"] if left.secrets else []
        lost += [f"{len(left.too_large)} files too large to be kept"] if left.too_large else []
        if lost and not force:
            raise Refused(
                f"{' and '.join(lost)} in {name} are in no revision, and would be gone for good",
                hint="copy them elsewhere first, or insist with force",
                reason="not-kept",
            )
        async with self.acting.restorer.turns.hold(name, "deleting the folder"):
            tell("removing the folder")
            await self.folders.discard(folder)
        return {"workspace": name, "revision": kept["revision"], "folder": str(folder), "deleted": True}

    async def purge(self, name: str, confirm: str, *, dry_run: bool = False, tell: Tell) -> dict[str, Any]:
        """Remove everything that was ever kept of a workspace whose folder is gone. Copies at destinations stay.

        Raises as `check` does.
        """
        await self.check(name, confirm, dry_run=dry_run)
        data = await self._purge_data(name, dry_run=dry_run, tell=tell)
        done = await self.purger.purge(name, dry_run=dry_run, tell=tell)
        if not dry_run:
            await self.acting.mirror.purged(name)
            self.acting.terms.forget(name)
            await self.forget(name)
        return {**done.as_json(), "data": data}

    async def _purge_data(self, name: str, *, dry_run: bool, tell: Tell) -> dict[str, Any] | None:
        """The stream of its data volume; None where nothing of that was ever kept."""
        stream = data_of(name)
        if not await self.acting.reading.archive.seqs(stream):
            return None
        return (await self.purger.purge(stream, dry_run=dry_run, tell=tell)).as_json()

    async def check(self, name: str, confirm: str, *, dry_run: bool = False) -> None:
        """`confirm` is the name again: raises `UsageError` without it, `Conflict` while the folder is there."""
        if confirm != name and not dry_run:
            raise UsageError("this cannot be undone and needs a yes", hint=f'send {{"confirm": "{name}"}}')
        if name in await self.acting.reading.folders():
            raise Conflict(
                f"the folder of {name} is still there", hint="delete it first; what is kept stays till then"
            )
