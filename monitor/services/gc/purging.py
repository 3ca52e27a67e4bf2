"""Purge: everything a workspace ever kept is removed, the only removal that is not retention's.

Names go first, then revisions from the oldest on, then what they needed, then the mirror: killed at any moment,
what is still listed can still be restored, and purging again goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from monitor.domain import keys
from monitor.domain.streams import is_stream
from monitor.errors import Conflict, NotFound, UsageError
from monitor.ports.store import Listed, Store
from monitor.services.at_once import each
from monitor.services.gc.ground import Ground

CHUNK = 200

Tell = Callable[[str, int, int], None]
Erase = Callable[[str], Awaitable[int]]
"""Removes old versions of everything below a key prefix, where the bucket keeps versions; returns how many."""


@dataclass(slots=True)
class Purged:
    """What was removed, or would be; `versions` are old ones a versioned bucket still had."""

    workspace: str
    revisions: int = 0
    objects: int = 0
    bytes: int = 0
    versions: int = 0
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "revisions": self.revisions,
            "objects": self.objects,
            "bytes": self.bytes,
            "versions": self.versions,
            "dry_run": self.dry_run,
        }


class Purger:
    """Purges below one prefix. Without `erase`, a versioned bucket keeps old versions until its lifecycle acts."""

    def __init__(self, store: Store, ground: Ground, *, prefix: str = "", erase: Erase | None = None) -> None:
        self._store, self._ground, self._prefix, self._erase = store, ground, prefix, erase

    async def purge(
        self, workspace: str, *, dry_run: bool = False, tell: Tell = lambda text, done, total: None
    ) -> Purged:
        """Remove all of it; raises `NotFound`, `Conflict` while revisions are spooled, `Fenced`, `StoreAway`."""
        if not is_stream(workspace):
            raise UsageError(f"{workspace[:60]!r} is no workspace's name.")
        result = Purged(workspace, dry_run=dry_run)
        async with self._ground.hold(workspace):
            await self._ground.check()
            if self._ground.waiting(workspace):
                raise Conflict(
                    f"Revisions of {workspace} still wait for the store, and would come back.",
                    hint="try again once they are uploaded",
                )
            found = [one async for one in self._store.list(keys.workspace_prefix(self._prefix, workspace))]
            if not found and self._erase is None:
                raise NotFound(
                    f"Nothing is kept of {workspace}.", hint="`slipway list --deleted` shows what could be purged"
                )
            for what, listed in self._in_order(workspace, found):
                await self._remove(what, listed, result, tell, len(found))
            if self._erase is not None and not dry_run:
                result.versions = await self._erase(keys.workspace_prefix(self._prefix, workspace))
            if not dry_run:
                await self._ground.purged(workspace)
        return result

    def _in_order(self, workspace: str, found: list[Listed]) -> list[tuple[str, list[Listed]]]:
        """Each listed object once, by what it is, in the order of removal."""
        folders = {
            "names": keys.names_prefix(self._prefix, workspace),
            "revisions": keys.revisions_prefix(self._prefix, workspace),
            "bases": keys.bases_prefix(self._prefix, workspace),
            "packs": keys.packs_prefix(self._prefix, workspace),
            "notes": keys.history_prefix(self._prefix, workspace),
            "mirror": keys.workspace_prefix(self._prefix, workspace),
        }
        parts: dict[str, list[Listed]] = {what: [] for what in folders}
        for one in found:
            parts[next(what for what, folder in folders.items() if one.key.startswith(folder))].append(one)
        # The newest goes alone, so that a purge that was killed leaves no number to be used again.
        revisions = parts["revisions"]
        return [
            ("names", parts["names"]),
            ("notes", parts["notes"]),
            ("revisions", revisions[:-1]),
            ("revisions", revisions[-1:]),
            *((what, parts[what]) for what in ("bases", "packs", "mirror")),
        ]

    async def _remove(self, what: str, listed: list[Listed], result: Purged, tell: Tell, total: int) -> None:
        for start in range(0, len(listed), CHUNK):
            tell(what, result.objects, total)
            some = listed[start : start + CHUNK]
            if not result.dry_run:
                await self._ground.check()
                await each(self._store.delete, [one.key for one in some])
            result.objects += len(some)
            result.bytes += sum(one.size for one in some)
            result.revisions += len(some) if what == "revisions" else 0
