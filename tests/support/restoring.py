"""A workspace under a root, its history, and a restorer; the independent reader says what must come of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.adapters.placing.disk import DiskPlacing
from monitor.domain.restoring.plan import Mode
from monitor.ports.store import Store
from monitor.services.history.archive import Archive
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.result import Result
from monitor.services.restore.safety import HistorySafety
from monitor.services.restore.wish import Wish
from tests.support.independent_reader import Reader
from tests.support.keeping import NAME, PREFIX, Desk, Seen, picture

__all__ = ["NAME", "PREFIX", "Spot", "picture"]


class Spot:
    """`desk` keeps the workspace, `restorer` puts it back. `step` is told every step of placing."""

    def __init__(self, tmp: Path, *, inner: Store | None = None, step: Callable[[str], None] = lambda name: None):
        self.root = tmp / "workspaces"
        self.root.mkdir(exist_ok=True)
        self.desk = Desk(self.root, inner=inner)
        self.folder = self.desk.folder
        self.placing = DiskPlacing(step=step)
        self.restorer = self.restorer_of(self.desk.history.archive)

    def restorer_of(self, archive: Archive) -> Restorer:
        safety = HistorySafety(self.desk.history, self.desk.files)
        return Restorer(archive, self.desk.files, self.placing, self.desk.clock, self.root, safety)

    async def keep(self, **how: Any) -> int:
        """One more revision; its number."""
        await self.desk.rest()
        revision = await self.desk.keep(**{"always": True, **how})
        assert revision is not None
        return revision.seq

    async def wish(self, seq: int, mode: Mode = Mode.MIRROR, **more: Any) -> Wish:
        chosen = await Choosing(self.desk.history.archive, self.desk.clock).choose(NAME, revision=seq)
        return Wish(chosen, mode, **more)

    async def restore(self, seq: int, mode: Mode = Mode.MIRROR, **more: Any) -> Result:
        return await self.restorer.run(await self.wish(seq, mode, **more))

    def oracle(self, seq: int, name: str = NAME) -> Seen:
        """What the other reader makes of a revision."""
        objects = self.desk.objects
        reader = Reader(objects.__getitem__, lambda start: [k for k in objects if k.startswith(start)], name, PREFIX)
        target = self.root.parent / "oracle" / f"{name}-{seq}"
        if not target.exists():
            target.mkdir(parents=True)
            reader.restore(seq, target)
        return picture(target)

    def now(self, *skip: str) -> Seen:
        return picture(self.folder, skip)

    @property
    def stages(self) -> list[str]:
        """What restores have left in `.slipway`."""
        folder = self.root / ".slipway"
        return sorted(os.listdir(folder)) if folder.exists() else []

    async def close(self) -> None:
        self.placing.close()
        await self.desk.close()
