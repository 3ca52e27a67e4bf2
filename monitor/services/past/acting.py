"""Acting on what is kept: keep now, name, fork, confirm losses, apply retention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.destinations import Mode
from monitor.domain.history.revision import Why
from monitor.domain.retention import unconfirmed
from monitor.errors import Away, Conflict, NotFound, Refused
from monitor.services.destinations.primary import Primary
from monitor.services.gc.collecting import Collector
from monitor.services.gc.inventory import Inventories
from monitor.services.history.history import History
from monitor.services.jobs import Tell
from monitor.services.mirror import Mirror
from monitor.services.past.reading import NEWEST, Reading
from monitor.services.past.terms import Terms
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.safety import seen
from monitor.services.restore.wish import Wish


@dataclass(frozen=True, slots=True)
class Acting:
    """Answers are JSON-ready. With a running monitor these are its own parts, otherwise of the data folder opened.

    Calls raise `NotFound`, `UsageError`, `Fenced`, and `StoreAway` where that helps nobody to wait.
    """

    reading: Reading
    history: History
    mirror: Mirror
    primary: Primary
    restorer: Restorer
    inventories: Inventories
    collector: Collector
    terms: Terms

    async def push(self, name: str, tell: Tell) -> dict[str, Any]:
        """Keep what is there right now, and bring the mirror to it; raises `Away` where the store is not reached."""
        await self.folder(name)
        return await self.keep(name, tell)

    async def keep(self, name: str, tell: Tell) -> dict[str, Any]:
        """As `push`, whoever is at the workspace."""
        (kept,) = await self.primary.run(Mode.MIRROR, [name], tell=tell)
        waiting = self.history.state(name).spooled
        if waiting or kept.error:
            why = kept.error or f"{waiting} revisions of {name} wait on this machine until the store answers"
            raise Away(why, hint="nothing is lost; it is uploaded by itself once the store is back")
        return kept.as_json()

    async def snapshot(
        self,
        name: str,
        snapshot: str,
        *,
        revision: str | None = None,
        note: str = "",
        tags: Iterable[str] = (),
        ttl_s: int | None = None,
    ) -> dict[str, Any]:
        """Name what is there now, or one revision. Raises `Conflict` where the name is taken."""
        snapshots = self.reading.snapshots
        if revision is not None:
            seq = await self.reading.seq(name, revision)
            # Retention holds it too from its look at the names to the last removal.
            async with self.history.hold(name):
                made = await snapshots.create(name, snapshot, seq=seq, note=note, tags=tags, ttl_s=ttl_s)
        else:
            folder = await self.folder(name)

            async def commit(kind: str) -> int:
                return await self._commit(name, folder, kind)

            made = await snapshots.create(name, snapshot, commit, note=note, tags=tags, ttl_s=ttl_s)
        return await self.reading.shown(name, made.name)

    async def scheduled(self, name: str, snapshot: str, *, tag: str, ttl_s: int) -> bool:
        """Name what is there now, unless what was named with `tag` before is all there is. Whether it was named."""
        folder = await self.folder(name)
        tree, overrides = await seen(self.reading.files, folder)
        await self.history.commit(name, folder, tree, kind=Why.SCHEDULED, overrides=overrides)
        newest = self.history.newest(name)
        before = await self.reading.snapshots.listed(name, tag=tag)
        if newest is None or any(one.snapshot.seq == newest.seq for one in before):
            return False
        await self.reading.snapshots.create(name, snapshot, seq=newest.seq, tags=[tag], ttl_s=ttl_s)
        return True

    async def change_snapshot(self, name: str, snapshot: str, changes: dict[str, Any]) -> dict[str, Any]:
        """`add_tags`, `remove_tags`, `note`, `ttl_s`, `forever`."""
        async with self.history.hold(name):
            await self.reading.snapshots.change(name, snapshot, **changes)
        return await self.reading.shown(name, snapshot)

    async def delete_snapshot(self, name: str, snapshot: str) -> dict[str, Any]:
        """Remove the name; what it named stays as long as retention keeps it."""
        found = await self.reading.shown(name, snapshot)
        await self.reading.snapshots.delete(name, snapshot)
        return {**found, "deleted": True}

    async def fork(
        self,
        name: str,
        as_name: str,
        *,
        at: str | None = None,
        revision: int | None = None,
        snapshot: str | None = None,
        tell: Tell,
    ) -> dict[str, Any]:
        """A new workspace that begins with what `name` was; without a moment: as it is now."""
        if at is None and revision is None and snapshot is None:
            if name in await self.reading.folders():
                await self.push(name, tell)
            revision = await self.reading.seq(name, NEWEST)
        chosen = await Choosing(self.reading.archive, self.reading.clock).choose(
            name, at=at, revision=revision, snapshot=snapshot
        )
        result = await self.restorer.run(Wish(chosen, as_name=as_name), tell=tell)
        return {"workspace": as_name, **result.as_json(), "lines": list(result.lines())}

    async def confirm_deletes(self, name: str) -> dict[str, Any]:
        """What vanished all at once is meant to be gone: from the mirror, and in time from the history."""
        held = self.mirror.state(name).held_deletes
        self.mirror.confirm_deletes(name)
        inventory = await self.inventories.take(name)
        loss = unconfirmed(inventory.candidates(), inventory.confirmed)
        if loss is not None:
            await self.reading.snapshots.confirm_mass_delete(name, loss)
        return {"workspace": name, "mirror": held, "revision": loss}

    async def collect(self, name: str, *, dry_run: bool) -> dict[str, Any]:
        """Apply retention and remove what nothing needs any more; `lines` are for people, a reason in each."""
        if not await self.reading.archive.seqs(name):
            raise NotFound(f"nothing of {name[:60]!r} is kept", hint="`slipway list` shows every workspace")
        done = await self.collector.collect(name, self.terms.policy(name), dry_run=dry_run)
        return {**done.as_json(), "lines": done.lines()}

    async def pull(self, name: str) -> dict[str, Any]:
        """Nothing is pulled yet; raises `Refused`."""
        await self.folder(name)
        raise Refused(
            "changing the mirror from outside is not taken back into the folder",
            hint=f"`slipway restore {name}` brings back what was kept; write into the folder to change it",
            reason="no-pull",
        )

    async def folder(self, name: str) -> Path:
        """Where the workspace is; raises `NotFound` where it has no folder, `Conflict` while it is restored."""
        found = await self.folder_of(name)
        if doing := self.restorer.turns.doing(name):
            raise Conflict(f"{name} is busy: {doing}", hint="try again once that is over")
        return found

    async def folder_of(self, name: str) -> Path:
        """Where the workspace is, whoever is at it; raises `NotFound` where it has no folder."""
        found = (await self.reading.folders()).get(name)
        if found is None:
            raise NotFound(f"there is no workspace {name[:60]!r}", hint="`slipway list` shows all of them")
        return found

    async def _commit(self, name: str, folder: Path, kind: str) -> int:
        tree, overrides = await seen(self.reading.files, folder)
        revision = await self.history.commit(name, folder, tree, kind=kind, overrides=overrides, always=True)
        assert revision is not None, "asked for in any case"
        return revision.seq
