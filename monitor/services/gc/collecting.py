"""Retention applied, then garbage removed: condemned in one run, gone in a later one that finds it unneeded again.

Killed at any moment, it leaves every listed revision restorable; the next run goes on. Whatever is unreadable or
unknown ends the run before anything is condemned or removed.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.domain import keys
from monitor.domain.garbage import GRACE_NS, Sweep, sweep
from monitor.domain.history.condemned import Condemned, write_condemned
from monitor.domain.retention import Decision, decide
from monitor.domain.retention_policy import Policy
from monitor.ports.clock import Clock
from monitor.ports.store import Store
from monitor.services.at_once import each
from monitor.services.gc.ground import Ground
from monitor.services.gc.inventory import Inventories, Inventory

CHUNK = 100


@dataclass(slots=True)
class Collected:
    """What one run decided and did; `condemned` is what may go in a later run, `note` why nothing more was done."""

    workspace: str
    decisions: tuple[Decision, ...] = ()
    condemned: Condemned = field(default_factory=Condemned)
    revisions: list[int] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    packs: list[str] = field(default_factory=list)
    freed_bytes: int = 0
    dry_run: bool = False
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the API and `--json` show it."""
        return {
            "workspace": self.workspace,
            "dry_run": self.dry_run,
            "decisions": [{"seq": one.seq, "keep": one.keep, "reasons": list(one.reasons)} for one in self.decisions],
            "condemned": {
                "revisions": len(self.condemned.revisions),
                "bases": len(self.condemned.bases),
                "packs": len(self.condemned.packs),
            },
            "removed": {"revisions": self.revisions, "bases": len(self.bases), "packs": len(self.packs)},
            "freed_bytes": self.freed_bytes,
            "note": self.note,
        }

    def lines(self) -> list[str]:
        """For people: a line for each revision, then the sums."""
        verb = "would remove" if self.dry_run else "removed"
        said = (
            f"{self.workspace}: {verb} {len(self.revisions)} revisions, {len(self.bases)} bases, "
            f"{len(self.packs)} packs ({self.freed_bytes} bytes); condemned, and gone after a day: "
            f"{len(self.condemned.revisions)} revisions, {len(self.condemned.bases)} bases, "
            f"{len(self.condemned.packs)} packs"
        )
        return [one.as_line() for one in self.decisions] + [said] + ([self.note] if self.note else [])


class Collector:
    """Collects below one prefix. `pool` is where objects are parsed, `ground` the write path's side."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pool: Executor,
        ground: Ground,
        *,
        prefix: str = "",
        grace_ns: int = GRACE_NS,
    ) -> None:
        self._store, self._clock, self._ground, self._prefix = store, clock, ground, prefix
        self._inventories = Inventories(store, prefix, pool)
        self._grace_ns = grace_ns

    async def collect(self, workspace: str, policy: Policy, *, dry_run: bool = False) -> Collected:
        """One run for one workspace; raises `Odd`, `UnknownFormat`, `Fenced`, and `StoreAway`, worth a later run.

        `dry_run` writes nothing and says what would be kept and removed, and why.
        """
        result = Collected(workspace, dry_run=dry_run)
        if self._ground.waiting(workspace):
            result.note = "nothing is removed while revisions wait for the store"
            return result
        inventory = await self._inventories.take(workspace)
        result.note = inventory.trouble
        if dry_run:
            planned = self._plan(inventory, policy, result)
            _count(result, inventory, planned)
            return result
        listed = inventory.condemned
        while True:
            async with self._ground.hold(workspace):
                if self._ground.waiting(workspace):
                    return result
                await self._ground.check()
                inventory = await self._inventories.refresh(inventory)
                planned = self._plan(inventory, policy, result)
                chunk = _first(planned, CHUNK)
                # At the start for those who write, at the end so that it lists nothing that is gone.
                if listed is inventory.condemned or not chunk.removes:
                    listed = await self._publish(inventory, listed, planned.condemned)
                _count(result, inventory, chunk)
                inventory = await self._remove(inventory, chunk)
            if not chunk.removes:
                return result

    def _plan(self, inventory: Inventory, policy: Policy, result: Collected) -> Sweep:
        now_ns = self._clock.wall_ns()
        decisions = decide(
            inventory.candidates(),
            policy,
            now_ns,
            sizes=inventory.object_sizes(),
            confirmed=inventory.confirmed,
        )
        going = {one.seq for one in decisions if not one.keep}
        planned = sweep(inventory.holdings, going, inventory.condemned, now_ns, grace_ns=self._grace_ns)
        result.decisions = result.decisions or decisions
        result.condemned = planned.condemned
        return planned

    async def _publish(self, inventory: Inventory, listed: Condemned, wanted: Condemned) -> Condemned:
        """Tell the writer first: what it knows too early costs an upload, what it knows too late a revision."""
        self._ground.distrust(inventory.workspace, wanted.packs.keys())
        if replace(wanted, newest=0) != replace(listed, newest=0) or inventory.trouble:
            await self._store.put(keys.condemned_key(self._prefix, inventory.workspace), write_condemned(wanted))
        return wanted

    async def _remove(self, inventory: Inventory, chunk: Sweep) -> Inventory:
        """The names of a revision before it; the chunk is of one kind, so the order of kinds holds."""
        workspace, prefix = inventory.workspace, self._prefix
        going = set(chunk.revisions)
        names = [one.name for one in inventory.names.values() if one.seq in going]
        await each(self._store.delete, [keys.name_key(prefix, workspace, name) for name in names])
        await each(self._store.delete, [keys.revision_key(prefix, workspace, seq) for seq in chunk.revisions])
        await each(self._store.delete, [keys.base_key(prefix, workspace, base) for base in chunk.bases])
        # Told before, but who writes may have begun anew since, and read revisions that still named them.
        self._ground.distrust(workspace, chunk.packs)
        await each(self._store.delete, [keys.pack_key(prefix, workspace, pack) for pack in chunk.packs])
        return inventory.without(chunk)


def _first(planned: Sweep, most: int) -> Sweep:
    """The beginning of what is to be removed, of one kind: revisions first, then bases, packs last."""
    if planned.revisions:
        return Sweep(planned.condemned, planned.revisions[:most])
    if planned.bases:
        return Sweep(planned.condemned, bases=planned.bases[:most])
    return Sweep(planned.condemned, packs=planned.packs[:most])


def _count(result: Collected, inventory: Inventory, done: Sweep) -> None:
    sizes = inventory.object_sizes()
    names = [*map(str, done.revisions), *done.bases, *done.packs]
    result.freed_bytes += sum(sizes.get(name, 0) for name in names)
    result.revisions += done.revisions
    result.bases += done.bases
    result.packs += done.packs
