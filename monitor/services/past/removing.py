"""Taking a workspace away: its folder after a last revision, or everything of it for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from monitor.domain.streams import data_of
from monitor.domain.tree import Tree
from monitor.errors import Conflict, Refused, UsageError
from monitor.ports.folders import Folders
from monitor.services.gc.purging import Purger
from monitor.services.jobs import Tell
from monitor.services.past.acting import Acting
from monitor.services.restore.safety import seen

TRIES = 3


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

        Raises `Refused` for what is in no revision (secrets, what is too large, being written or not readable) unless
        `force`, and `Away` where the store is not reached; nothing was removed then.
        """
        folder = await self.acting.folder(name)
        tell("keeping what is there now")
        await self.acting.push(name, tell)
        self._refuse_loss(name, force=force)
        async with self.acting.restorer.turns.hold(name, "deleting the folder"):
            revision = await self._taken_away(name, folder, tell, force=force)
        return {"workspace": name, "revision": revision, "folder": str(folder), "deleted": True}

    async def _taken_away(self, name: str, folder: Path, tell: Tell, *, force: bool) -> int | None:
        """The revision that holds exactly what was removed: what was saved up to the last moment is in it."""
        for _ in range(TRIES):
            before = await self._seen(folder)
            kept = await self.acting.keep(name, tell)
            self._refuse_loss(name, len(before.unread), force=force)
            tell("removing the folder")
            aside = await self.folders.aside(folder)
            try:
                same = (await self._seen(aside)).digest() == before.digest()
            except BaseException:
                await self.folders.back(aside, folder)
                raise
            if same or force:
                await self.folders.discard(aside)
                return cast("int | None", kept["revision"])
            await self.folders.back(aside, folder)
        raise Conflict(
            f"something keeps writing to {folder}, so that not all of it is in a revision; nothing was removed",
            hint="stop what writes there and try again, or insist with force",
        )

    async def _seen(self, folder: Path) -> Tree:
        return (await seen(self.acting.reading.files, folder))[0]

    def _refuse_loss(self, name: str, unread: int = 0, *, force: bool) -> None:
        state = self.acting.history.state(name)
        left, unsure = state.left_out, max(len(state.unstable), state.pending, unread)
        lost = [f"{left.secrets} files that look like secrets"] if left.secrets else []
        lost += [f"{len(left.too_large)} files too large to be kept"] if left.too_large else []
        lost += [f"{unsure} paths that are being written or cannot be read"] if unsure else []
        if lost and not force:
            raise Refused(
                f"{' and '.join(lost)} in {name} are in no revision, and would be gone for good",
                hint="copy them elsewhere first, or insist with force",
                reason="not-kept",
            )

    async def purge(self, name: str, confirm: str, *, dry_run: bool = False, tell: Tell) -> dict[str, Any]:
        """Remove everything that was ever kept of a workspace whose folder is gone. Copies at destinations stay.

        Raises as `check` does.
        """
        if dry_run:
            await self.check(name, confirm, dry_run=True)
            return await self._purged(name, dry_run=True, tell=tell)
        # A restore under way relies on what would go, and a folder that comes meanwhile is kept when this is over.
        async with self.acting.restorer.turns.hold(name, "removing all that was kept of it"):
            await self.check(name, confirm)
            done = await self._purged(name, dry_run=False, tell=tell)
            await self.acting.mirror.purged(name)
            self.acting.terms.forget(name)
            await self.forget(name)
        return done

    async def _purged(self, name: str, *, dry_run: bool, tell: Tell) -> dict[str, Any]:
        data = await self._purge_data(name, dry_run=dry_run, tell=tell)
        return {**(await self.purger.purge(name, dry_run=dry_run, tell=tell)).as_json(), "data": data}

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
