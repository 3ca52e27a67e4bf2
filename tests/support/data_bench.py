"""A data volume of a fake engine, and everything that keeps it and puts it back."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.fake_engine import FakeEngine
from monitor.adapters.fake_stage import Stage
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain.data_terms import DataTerms
from monitor.domain.streams import data_of
from monitor.services.data.keeping import DataKeeper
from monitor.services.data.replacing import DataReplacer
from monitor.services.history.archive import Archive
from monitor.services.restore.restorer import Restorer
from tests.support.independent_reader import Reader
from tests.support.restoring import NAME, PREFIX, Spot

STREAM = data_of(NAME)


def silent(text: str, done: int | None = None, total: int | None = None) -> None:
    """Nobody listens."""


class Bench:
    """A workspace with a volume in memory, its history, and what keeps and replaces it."""

    def __init__(self, tmp: Path) -> None:
        self.spot = Spot(tmp)
        desk = self.spot.desk
        self.stage = Stage(desk.clock)
        self.stage.data.add(("fake", NAME))
        self.engine = FakeEngine(self.stage)
        self.volume = self.stage.volumes["fake"].setdefault(NAME, {})
        self.marks = DiskStateFiles(tmp / "state")
        self.terms = DataTerms()
        self.keeper = DataKeeper(self.engine, desk.history, desk.files, self.marks, lambda name: self.terms)
        self.stopped: list[str] = []

        async def stop(name: str) -> None:
            self.stopped.append(name)

        async def user(name: str) -> tuple[int, int]:
            return (1000, 1000)

        def restorer(archive: Archive) -> Restorer:
            return self.spot.restorer_of(archive)

        turns = self.spot.restorer.turns
        self.replacer = DataReplacer(self.engine, self.keeper, restorer, turns, self.marks, desk.clock, stop, user)

    def write(self, path: str, data: bytes) -> None:
        at = 10**18 + len(self.stage.calls)
        self.stage.volumes["fake"].setdefault(NAME, {})[path] = (data, at)

    def held(self) -> dict[str, bytes]:
        return {path: data for path, (data, _) in self.stage.volumes["fake"][NAME].items()}

    def read(self, seq: int) -> dict[bytes, bytes]:
        """A revision by the reader that knows nothing of ours."""
        objects = self.spot.desk.objects
        reader = Reader(
            objects.__getitem__, lambda start: [k for k in objects if k.startswith(start)], STREAM, PREFIX
        )
        return {path: reader.content(line) for path, line in reader.state(seq).items() if line[0] == "file"}
