"""Random days of a workspace against a shadow copy: every revision that was kept stays exactly that."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from monitor.domain.history.revision import Grade
from monitor.errors import SlipwayError
from monitor.ports.store import StoreAway, StoreFull
from tests.support.disguise import disguise
from tests.support.faults import MODES, Fault
from tests.support.keeping import NAME, Desk, Seen, picture

NAMES = st.sampled_from(["a", "b", "c", "d/e", "d/f", "d/g/h", "ü%", "\udcff"])
DATA = st.sampled_from([b"", b"one", b"two", b"three" * 1_000, random.Random(1).randbytes(500)])
ERRORS = st.sampled_from([StoreAway("away"), StoreFull("full")])


class Days(RuleBasedStateMachine):
    """Edits, batches, faults, restarts, clock jumps and other writers, in any order."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.base = Path(tempfile.mkdtemp(prefix="slipway-days-"))
        self.desk = Desk(self.base)
        # Kept by this run: what it was, when it was on disk, and whether it is known to be numbered as it was said.
        self.kept: list[Seen] = []
        self.checked = 0

    def run(self, work):  # type: ignore[no-untyped-def]
        return self.loop.run_until_complete(work)

    @rule(name=NAMES, data=DATA, mode=st.sampled_from([0o644, 0o755, 0o600]))
    def write(self, name: str, data: bytes, mode: int) -> None:
        place = self.desk.folder / name
        for part in (*reversed(place.parents), place):
            if part != place and part.is_relative_to(self.desk.folder) and part.is_file():
                part.unlink()
        if place.is_dir():
            shutil.rmtree(place)
        self.run(self.desk.write(name, data, mode=mode))

    @rule(name=st.sampled_from(["a", "b", "d", "d/g"]))
    def remove(self, name: str) -> None:
        place = self.desk.folder / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

    @rule(old=st.sampled_from(["a", "b", "d"]), new=st.sampled_from(["c", "x", "y"]))
    def rename(self, old: str, new: str) -> None:
        place, target = self.desk.folder / old, self.desk.folder / new
        if place.exists() and not target.exists():
            place.rename(target)

    @rule(name=NAMES)
    def touch(self, name: str) -> None:
        if (self.desk.folder / name).is_file():
            os.utime(self.desk.folder / name, ns=(7, 7))

    @rule(name=NAMES, byte=st.sampled_from([b"1", b"2"]))
    def disguise(self, name: str, byte: bytes) -> None:
        if (place := self.desk.folder / name).is_file():
            disguise(place, byte * place.stat().st_size)

    @rule(always=st.booleans())
    def keep(self, always: bool) -> None:
        self.run(self.desk.rest())
        try:
            revision = self.run(self.desk.keep(always=always))
        except SlipwayError:
            return
        if revision is not None:
            assert revision.header.grade is Grade.SETTLED
            self.kept.append(picture(self.desk.folder))

    @rule(mode=st.sampled_from(MODES), at=st.integers(0, 6), times=st.sampled_from([1, 3, 10_000]), error=ERRORS)
    def trouble(self, mode: str, at: int, times: int, error: SlipwayError) -> None:
        self.desk.store.arm(Fault(mode, at=at, times=times, error=error, seconds=0.001))

    @rule(at=st.integers(0, 6), times=st.sampled_from([1, 5]))
    def no_room(self, at: int, times: int) -> None:
        self.desk.spool.arm(Fault(at=at, times=times, error=StoreFull("no space left on device")))

    @rule(days=st.sampled_from([-1, 1, 0.001]))
    def clock_jumps(self, days: float) -> None:
        self.desk.clock.wall_ahead_ns += int(days * 86_400e9)

    @rule(cache=st.booleans(), kill=st.booleans())
    def restart(self, cache: bool, kill: bool) -> None:
        self.desk.store.arm(None)
        self.desk.clock.ahead += 100
        self.run(self.desk.restart(cache=cache, kill=kill))

    @precondition(lambda self: len(self.kept) > self.checked)
    @rule()
    def settle(self) -> None:
        self.desk.store.arm(None)
        self.desk.spool.arm(None)
        self.desk.clock.ahead += 100
        self.run(self.desk.history.open())
        assert self.run(self.desk.history.catch_up())
        assert self.desk.history.state(NAME).spooled == 0
        found = [self.desk.restored(seq) for seq in self.desk.reader().seqs()]
        rest = iter(found)
        for shot in self.kept:
            assert any(shot == one for one in rest), "a moment that was kept is missing, or out of order"
        self.checked = len(self.kept)

    @invariant()
    def bounded(self) -> None:
        assert self.desk.history.state(NAME).pending < 1_000

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        if self.kept:
            self.kept.append(self.kept[-1])
            self.kept.pop()
            self.checked = -1
            self.settle()
        self.run(self.desk.close())
        self.loop.close()
        shutil.rmtree(self.base)


TestDays = Days.TestCase
TestDays.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
