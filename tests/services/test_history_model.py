"""A history lived through at random, against a model: what is kept is identical, whatever came between.

Saves, renames, files that become folders, snapshots, retention, repacking, clock jumps, faults of the store in the
middle of it, and processes that are killed and begin again with an empty cache.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from monitor.domain.durations import DAY, HOUR
from monitor.domain.moments import NS
from monitor.domain.retention_policy import DEFAULT, EVERYTHING, Policy
from monitor.errors import Conflict, SlipwayError
from monitor.services.gc.collecting import Collector
from monitor.services.gc.doubting import Odd
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.repacking import Repacker
from monitor.services.history.archive import Archive
from monitor.services.snapshots import Snapshots
from monitor.services.verify.verifying import Verifier
from tests.support.disguise import disguise
from tests.support.faults import Fault, anything, writes
from tests.support.keeping import NAME, PREFIX, Desk, Seen, picture

Answer = TypeVar("Answer")

POLICIES = [
    DEFAULT,
    EVERYTHING,
    Policy(all=0, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, safety=0),
    Policy(all=HOUR, hourly=DAY, daily=0, weekly=0, monthly=0, yearly=0, max_count=3),
    Policy(ttl=DAY, max_bytes=3000),
]
places = st.sampled_from(["a", "b", "d/x", "d/y", "d", "e/f/g", "é\n"])
sizes = st.sampled_from([0, 1, 700, 20_000])
names = st.sampled_from(["v1", "v2", "v3"])
jumps = st.sampled_from([60, HOUR, DAY, 2 * DAY, 9 * DAY, -HOUR, -DAY])
policies = st.sampled_from(POLICIES)
steps = st.integers(0, 12)


class Lived(RuleBasedStateMachine):
    """One workspace's life."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.tmp = Path(tempfile.mkdtemp(prefix="history-model-"))
        self.pool = ThreadPoolExecutor(1)
        self.pictures: dict[int, Seen] = {}
        self.named: dict[str, tuple[int, int | None]] = {}
        self.salt = random.Random(1)
        self.wall_at: list[tuple[int, int]] = []
        self.desk = self._do(self._desk())

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.desk.store.arm(None)
            self._do(self.desk.close())
            self.runner.close()
            self.pool.shutdown()
            shutil.rmtree(self.tmp)

    @rule(path=places, size=sizes)
    def write(self, path: str, size: int) -> None:
        place = self.desk.folder / path
        for above in [place, *place.parents]:
            if above == self.desk.folder:
                break
            if above.is_file():
                above.unlink()
        if place.is_dir():
            shutil.rmtree(place)
        self._do(self.desk.write(path, self.salt.randbytes(size)))

    @rule(path=places, to=places)
    def rename(self, path: str, to: str) -> None:
        place, target = self.desk.folder / path, self.desk.folder / to
        if place.exists() and not target.exists() and target.parent.is_dir() and place not in target.parents:
            place.rename(target)

    @rule(path=places)
    def delete(self, path: str) -> None:
        place = self.desk.folder / path
        if place.is_dir():
            shutil.rmtree(place)
        elif place.is_file():
            place.unlink()

    @rule(path=places)
    def disguise(self, path: str) -> None:
        if (place := self.desk.folder / path).is_file():
            disguise(place, self.salt.randbytes(place.stat().st_size))

    @rule(seconds=jumps)
    def jump(self, seconds: int) -> None:
        self.desk.clock.wall_ahead_ns += seconds * NS

    @rule(kind=st.sampled_from(["change", "manual", "before-restore", "restore"]))
    def keep(self, kind: str) -> None:
        self._do(self.desk.rest())
        revision = self._do(self.desk.keep(kind=kind))
        if revision is not None:
            self.pictures[revision.seq] = picture(self.desk.folder)

    @rule(name=names, ttl=st.sampled_from([None, HOUR, 30 * DAY]))
    def snapshot(self, name: str, ttl: int | None) -> None:
        header = self.desk.history.newest(NAME)
        if header is None:
            return
        try:
            made = self._do(self._snapshots().create(NAME, name, seq=header.seq, ttl_s=ttl))
            self.named[name] = (made.seq, made.expires_ns)
        except Conflict:
            self._do(self._snapshots().delete(NAME, name))
            self.named.pop(name)

    @rule(policy=policies)
    def collect(self, policy: Policy) -> None:
        self._do(self._collector().collect(NAME, policy))
        self._forget_what_went()

    @rule(policy=policies)
    def collect_and_again_days_later(self, policy: Policy) -> None:
        self.collect(policy)
        self.desk.clock.wall_ahead_ns += 2 * DAY * NS
        self.collect(policy)

    @rule(path=places, count=st.integers(2, 5))
    def work_for_a_while(self, path: str, count: int) -> None:
        for _ in range(count):
            self.write(path, 900)
            self.keep("change")
            self.desk.clock.wall_ahead_ns += 30 * 60 * NS

    @rule(policy=policies, at=steps, mode=st.sampled_from(["before", "after"]), all_calls=st.booleans())
    def collect_with_a_fault(self, policy: Policy, at: int, mode: str, all_calls: bool) -> None:
        self.desk.store.arm(Fault(mode, at=at, match=anything if all_calls else writes))
        try:
            self._do(self._collector().collect(NAME, policy))
        except Odd:
            raise
        except SlipwayError:
            pass
        finally:
            self.desk.store.arm(None)
            self.desk.clock.ahead += 120
        self._forget_what_went()

    @rule()
    def repack(self) -> None:
        newest = max(self.pictures, default=0)
        done = self._do(
            Repacker(
                self.desk.store, self.desk.clock, self.pool, self._ground(), prefix=PREFIX, least_bytes=1
            ).repack(NAME, POLICIES[2])
        )
        if done.seq is not None:
            self.pictures[done.seq] = self.pictures[newest]

    @rule(cache=st.booleans())
    def die_and_begin_again(self, cache: bool) -> None:
        self._do(self.desk.restart(cache=cache, kill=True))
        self._do(self.desk.history.open())

    @invariant()
    def everything_listed_is_identical(self) -> None:
        if not hasattr(self, "desk"):
            return
        seqs = self.desk.reader().seqs()
        assert not self.pictures or seqs[-1] == max(self.pictures)
        for seq in seqs:
            assert self.desk.restored(seq) == self.pictures[seq], seq
        for name, (seq, _) in self.named.items():
            assert seq in seqs, name

    @invariant()
    def every_time_leads_to_what_it_should(self) -> None:
        """At a revision's own time, in the newest clock segment, stands that revision or a later one of that time."""
        if not hasattr(self, "desk") or not self.desk.reader().seqs():
            return
        newest = self.desk.reader().header(self.desk.reader().seqs()[-1])
        found = self._do(Archive(self.desk.memory, PREFIX).at(NAME, newest["time_ns"]))
        assert found.header is not None
        assert found.header.seq == newest["seq"]

    @invariant()
    def verify_agrees(self) -> None:
        if hasattr(self, "desk") and self.pictures:
            found = self._do(Verifier(self.desk.memory, self.pool, prefix=PREFIX).verify(NAME, read_data=True))
            assert found.whole, found.lines()

    def _do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    async def _desk(self) -> Desk:
        desk = Desk(self.tmp)
        await desk.history.open()
        return desk

    def _ground(self) -> BesideHistory:
        return BesideHistory(self.desk.history)

    def _collector(self) -> Collector:
        return Collector(self.desk.store, self.desk.clock, self.pool, self._ground(), prefix=PREFIX)

    def _snapshots(self) -> Snapshots:
        return Snapshots(Archive(self.desk.memory, PREFIX), self.desk.clock)

    def _forget_what_went(self) -> None:
        """Names that had expired may be gone with their revision; the others may not."""
        now = self.desk.clock.wall_ns()
        gone = [name for name, (_, expires) in self.named.items() if expires is not None and expires <= now]
        for name in gone:
            if not self._there(name) or self.named[name][0] not in self.desk.reader().seqs():
                del self.named[name]

    def _there(self, name: str) -> bool:
        return f"{PREFIX}/{NAME}/history/names/{name}" in self.desk.objects


TestLived = Lived.TestCase
TestLived.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
