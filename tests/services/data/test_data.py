"""Data volumes as streams: kept once, graded, bounded, put back, purged, looked at by the clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.data_terms import DataTerms, every, size
from monitor.domain.state import WorkspaceState
from monitor.domain.streams import data_of, is_data, is_stream, workspace_of
from monitor.domain.workspace import Phase
from monitor.errors import Refused
from monitor.ports.store import StoreAway
from monitor.services.data.replacing import NOTE
from monitor.services.data.rounds import DataRounds
from monitor.services.destinations.looking import workspaces
from monitor.services.destinations.places import Below
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.purging import Purger
from monitor.services.restore.restoring import Asked
from tests.services.destinations.worlds import Time
from tests.support.data_bench import STREAM, Bench, silent
from tests.support.restoring import NAME, PREFIX


async def test_it_is_kept_whole_once_and_apart_from_the_source(bench: Bench) -> None:
    bench.write("app.db", b"rows")
    bench.write(".env", b"PASSWORD=kept: it is data")
    bench.write("node_modules/x/.git/config", b"kept, too")
    bench.write("app.log", b"a log is data here")
    kept = await bench.keeper.keep(NAME)
    assert (kept.revision, kept.new, kept.grade, kept.files) == (1, True, "settled", 4)
    assert bench.read(1) == {path.encode(): data for path, data in bench.held().items()}
    for _ in range(2):
        again = await bench.keeper.keep(NAME)
        assert (again.revision, again.new) == (1, False)
    bench.marks.remove(f"data/{NAME}.json")
    assert not (await bench.keeper.keep(NAME)).new, "copied again, and found to be what is kept"
    await bench.spot.keep()
    assert await workspaces(Below(bench.spot.desk.history.archive.store, PREFIX)) == [NAME, STREAM]


async def test_what_was_changing_is_named_and_what_is_too_much_is_refused(bench: Bench) -> None:
    bench.write("a", b"still")
    bench.write("b", b"restless")
    bench.engine._data.busy = frozenset({"b"})
    kept = await bench.keeper.keep(NAME)
    assert (kept.grade, kept.busy) == ("busy", ("b",))
    assert bench.read(1) == {b"a": b"still", b"b": b"restless"}
    bench.terms = DataTerms(limit=5)
    bench.write("c", b"much")
    with pytest.raises(Refused, match="at most 5 are kept") as refused:
        await bench.keeper.keep(NAME)
    assert "data_limit" in refused.value.hint
    bench.stage.data.clear()
    assert not (await bench.keeper.keep(NAME)).there


async def test_put_back_it_is_what_it_was_and_what_was_there_is_kept_first(bench: Bench) -> None:
    bench.write("app.db", b"rows")
    await bench.keeper.keep(NAME)
    bench.write("app.db", b"no table")
    bench.write("new", b"x")
    archive = bench.spot.desk.history.archive
    plan = await bench.replacer.restore(archive, NAME, Asked(revision=1, dry_run=True), silent)
    assert (plan["revision"], bench.held()["app.db"], bench.stopped) == (1, b"no table", [])
    done = await bench.replacer.restore(archive, NAME, Asked(revision=1), silent)
    assert bench.held() == {"app.db": b"rows"}
    assert done["before"] == 2
    assert bench.read(2) == {b"app.db": b"no table", b"new": b"x"}
    assert bench.read(3) == {b"app.db": b"rows"}
    newest = await archive.header(STREAM, 3)
    assert (newest.kind, newest.origin and newest.origin.seq) == ("restore", 1)
    assert bench.stopped == [NAME]
    assert bench.marks.read(NOTE) == []
    assert list(bench.spot.folder.iterdir()) == []


async def test_killed_in_the_middle_the_next_start_ends_it_before_the_workspace_may_act(bench: Bench) -> None:
    bench.marks.write(NOTE, [NAME])
    asked: list[str] = []
    bench.spot.restorer.turns.begun = asked.append
    tried = 0

    async def recover(name: str) -> None:
        nonlocal tried
        tried += 1
        if tried < 3:
            raise StoreAway("not yet")

    bench.engine.recover_data = recover  # type: ignore[method-assign]
    await bench.replacer.recover()
    assert (tried, asked, bench.marks.read(NOTE)) == (3, [NAME], [])


async def test_purged_it_is_gone_and_the_source_is_not(bench: Bench) -> None:
    bench.write("a", b"a")
    await bench.keeper.keep(NAME)
    source = await bench.spot.keep()
    history = bench.spot.desk.history
    await Purger(bench.spot.desk.memory, BesideHistory(history), prefix=PREFIX).purge(STREAM)
    assert not [key for key in bench.spot.desk.objects if key.startswith(f"{PREFIX}/{STREAM}/")]
    assert source in await history.archive.seqs(NAME)
    bench.write("a", b"b")
    assert (await bench.keeper.keep(NAME)).revision == 1


async def test_by_the_clock_what_runs_is_kept_in_its_turn_and_what_stopped_at_once() -> None:
    clock, kept, failing = Time(), list[str](), set[str]()
    states = {name: WorkspaceState(name, name) for name in ("runs", "stops", "off")}
    terms = {"off": DataTerms(None)}

    async def keep(name: str) -> object:
        kept.append(name)
        if name in failing:
            raise StoreAway("away")
        return None

    def phase(name: str, phase: Phase) -> None:
        states[name] = replace(states[name], phase=phase)

    rounds = DataRounds(lambda: states, keep, lambda name: terms.get(name, DataTerms()), clock)
    for name in states:
        phase(name, Phase.SERVING)
    await rounds.round()
    assert kept == []
    clock.pass_(3599)
    phase("stops", Phase.STOPPED)
    phase("off", Phase.STOPPED)
    await rounds.round()
    assert kept == ["stops"]
    clock.pass_(1)
    failing.add("runs")
    await rounds.round()
    assert kept == ["stops", "runs"]
    del states["runs"]
    await rounds.round()
    clock.pass_(59)
    await rounds.round()
    failing.clear()
    clock.pass_(1)
    await rounds.round()
    assert kept == ["stops", "runs", "runs"], "what failed is tried again after a while, also without its folder"
    clock.pass_(7200)
    await rounds.round()
    assert kept == ["stops", "runs", "runs"], "what does not run does not change"


def test_a_stream_is_told_from_every_workspace() -> None:
    assert (workspace_of("shop.data"), workspace_of("shop"), data_of("data")) == ("shop", "shop", "data.data")
    assert [name for name in ("shop", "data", "shop.data", ".data", "a.b.data") if is_data(name)] == ["shop.data"]
    assert [name for name in ("shop", "shop.data", "shop.git", "../x.data", "") if is_stream(name)] == [
        "shop",
        "shop.data",
    ]
    assert (every("off"), every("30m"), size("1.5g")) == (None, 1800, 3 * 2**29)
    for wrong in ("1s", "never"):
        with pytest.raises(ValueError, match="must be"):
            every(wrong)
