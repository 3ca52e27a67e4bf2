"""What the doors ask about data volumes: keep now, name, put back, give to a fork; what they hold is in the state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.domain.destinations import PRIMARY
from monitor.domain.history.revision import Why
from monitor.domain.state import DataState
from monitor.domain.streams import data_of
from monitor.errors import NotFound, SlipwayError
from monitor.services.data.keeping import DataKeeper, DataKept
from monitor.services.data.replacing import DataReplacer
from monitor.services.data.rounds import DataRounds
from monitor.services.jobs import Tell
from monitor.services.past.past import Past
from monitor.services.registry import Registry
from monitor.services.restore.restoring import Asked, Restoring


@dataclass(frozen=True, slots=True)
class Data:
    """`restoring` opens the place that is restored from; `rounds` keeps by the clock. Answers are JSON-ready."""

    keeper: DataKeeper
    replacer: DataReplacer
    rounds: DataRounds
    restoring: Restoring
    past: Past
    registry: Registry

    async def kept(self, name: str, kind: str = Why.CHANGE) -> DataKept:
        """Keep it where it changed, and show how that went; raises as `DataKeeper.keep`."""
        try:
            kept = await self.keeper.keep(name, kind)
        except SlipwayError as error:
            self._show(name, error=error.message)
            raise
        self._show(name, kept)
        return kept

    async def keep(self, name: str, tell: Tell) -> dict[str, Any]:
        """Keep it now because somebody asked; raises `NotFound` where there is no volume."""
        await self.past.acting.folder(name)
        tell("copying the data volume")
        kept = await self.kept(name, Why.MANUAL)
        if not kept.there:
            raise NotFound(f"{name} has no data volume", hint="its app gets one with its first start")
        return kept.as_json()

    async def snapshot(
        self, name: str, snapshot: str, *, note: str = "", tags: Iterable[str] = (), ttl_s: int | None = None
    ) -> dict[str, Any] | None:
        """The same name for what its volume holds now, beside the source's; None where there is no volume.

        The source's name stands already: what goes wrong here is in `error`.
        """
        try:
            kept = await self.kept(name, Why.MANUAL)
            if kept.revision is None:
                return None
            names = self.past.reading.snapshots
            await names.create(data_of(name), snapshot, seq=kept.revision, note=note, tags=tags, ttl_s=ttl_s)
        except SlipwayError as error:
            return {"error": error.message, "hint": error.hint}
        return kept.as_json()

    async def restore(self, name: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Put it back as `asked`, or only say what would be done; raises as `DataReplacer.restore`."""
        if not asked.dry_run and asked.into is None:
            await self.past.acting.folder(name)
        async with self.restoring.opened(asked.destination) as archive:
            said = await self.replacer.restore(archive, name, asked, tell)
        return {"workspace": name, "data": True, "dry_run": asked.dry_run, **said}

    async def fork(self, name: str, as_name: str, *, at: str | None, tell: Tell) -> dict[str, Any] | None:
        """Give a new workspace the data `name` has (or had at a moment); None where there is none."""
        if at is None and not (await self.kept(name)).revision:
            return None
        async with self.restoring.opened(PRIMARY) as archive:
            seqs = await archive.seqs(data_of(name))
            asked = Asked(at=at) if at is not None else Asked(revision=seqs[-1])
            chosen = await self.replacer.chosen(archive, name, asked)
            return (await self.replacer.put(archive, chosen, as_name, Why.FORK, tell)).as_json()

    async def run(self) -> None:
        """Keep by the clock, until cancelled."""
        await self.rounds.run()

    def _show(self, name: str, kept: DataKept | None = None, *, error: str = "") -> None:
        state = self.registry.get(name)
        if state is None or (kept is not None and not kept.there):
            return
        before = state.data or DataState()
        now = DataState(before.revision, before.kept_at, before.grade, before.files, before.bytes, error)
        if kept is not None:
            now = DataState(kept.revision, kept.kept_at, kept.grade, kept.files, kept.bytes)
        if now != state.data:
            self.registry.update(name, data=now)
