"""The store is away, full or wrong: every batch stays its own moment, and all of it gets there later, in order."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from monitor.errors import SlipwayError
from monitor.ports.store import StoreAway, StoreFull, StoreRefused
from tests.support.faults import MODES, Fault, writes
from tests.support.keeping import NAME, Desk, Seen, assert_kept, keep_some, picture


@pytest.mark.parametrize("error", [StoreAway("away"), StoreFull("full"), StoreRefused("credentials expired")])
@pytest.mark.parametrize("restart", ["", "cache", "no cache"])
async def test_each_batch_waits_as_its_own_revision(desk: Desk, error: SlipwayError, restart: str) -> None:
    shots = await keep_some(desk, range(2))
    desk.store.arm(Fault(error=error))
    shots |= await keep_some(desk, range(2, 5))
    state = desk.history.state(NAME)
    assert (state.revision, state.spooled, state.error) == (2, 3, error.message)
    assert state.pending >= 3
    assert await desk.history.catch_up() is False
    if restart:
        await desk.restart(kill=True, cache=restart == "cache")
    shots |= await keep_some(desk, range(5, 6))
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up() is True
    state = desk.history.state(NAME)
    assert (state.revision, state.spooled, state.pending, state.error) == (6, 0, 0, "")
    assert desk.history.newest(NAME) is not None
    assert_kept(desk, shots)
    assert sorted(shots) == desk.reader().seqs()
    assert [found.key async for found in desk.spool.list("")] == []
    shots |= await keep_some(desk, range(6, 7))
    assert_kept(desk, shots)


async def test_a_failure_nobody_thought_of_is_told_and_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(folder: Path) -> None:
        raise ZeroDivisionError

    await keep_some(desk, range(1))
    await desk.write("a", "more")
    with monkeypatch.context() as patched:
        patched.setattr(desk.files, "git_head", broken)
        with pytest.raises(ZeroDivisionError):
            await desk.keep()
        state = desk.history.state(NAME)
        assert state.pending == 1
        assert "internal error" in state.error
    assert await desk.keep() is not None
    assert (desk.history.state(NAME).pending, desk.history.state(NAME).error) == (0, "")


async def test_away_from_the_first_moment_on(desk: Desk) -> None:
    desk.store.arm(Fault())
    with pytest.raises(StoreAway):
        await desk.history.open()
    shots = await keep_some(desk, range(3))
    await desk.restart(cache=False)
    shots |= await keep_some(desk, range(3, 4))
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    assert_kept(desk, shots)
    assert len(shots) == 4


async def test_run_catches_up_alone(desk: Desk) -> None:
    shots = await keep_some(desk, range(1))
    desk.store.arm(Fault())
    shots |= await keep_some(desk, range(1, 4))
    running = asyncio.ensure_future(desk.history.run())
    await asyncio.sleep(0.2)
    assert desk.history.state(NAME).spooled == 3
    desk.store.arm(None)
    async with asyncio.timeout(20):
        while desk.history.state(NAME).spooled:
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert_kept(desk, shots)


async def test_reading_sees_what_waits(desk: Desk) -> None:
    desk.store.arm(Fault())
    await keep_some(desk, range(3))
    assert "f2" in await desk.history.archive.state(NAME, 3)
    header = (await desk.history.archive.at(NAME, 2**62)).header
    assert header is not None
    assert header.seq == 3
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    assert await desk.history.archive.seqs(NAME) == [1, 2, 3]


async def test_a_full_spool_merges_the_oldest_nobody_asked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limit=400_000)
    shots = await keep_some(desk, range(1))
    desk.store.arm(Fault())
    for turn in range(12):
        await desk.write("noise", bytes((turn * 7919 + n * n) % 251 for n in range(60_000)))
        await desk.write("unique", random.Random(turn).randbytes(60_000))
        revision = await desk.keep(kind="manual" if turn == 1 else "change")
        assert revision is not None
        shots[revision.seq] = picture(desk.folder)
    size = sum([found.size async for found in desk.spool.list("")])
    assert size < 400_000 + 140_000
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    left = desk.reader().seqs()
    assert 1 in left
    assert 3 in left, "asked for by name"
    assert 13 in left
    assert len(left) < 13
    merged = {seq for one in left for seq in desk.reader().header(one)["merged"]}
    assert merged == set(shots) - set(left), "what was merged is listed"
    assert_kept(desk, {seq: shots[seq] for seq in left})
    await desk.write("noise", bytes((0 * 7919 + n * n) % 251 for n in range(60_000)))
    revision = await desk.keep()
    assert revision is not None
    assert desk.restored(revision.seq) == picture(desk.folder), "content of merged moments is sent again"
    await desk.close()


async def test_a_spool_without_room_keeps_nothing_and_says_so(desk: Desk) -> None:
    shots = await keep_some(desk, range(1))
    desk.store.arm(Fault())
    desk.spool.arm(Fault(match=writes, error=StoreFull("no space left")))
    await desk.write("b", "x")
    with pytest.raises(StoreFull):
        await desk.keep()
    state = desk.history.state(NAME)
    assert state.pending >= 1
    assert state.error
    desk.spool.arm(None)
    revision = await desk.keep()
    assert revision is not None
    assert revision.seq == 2
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    assert_kept(desk, {**shots, 2: picture(desk.folder)})


@pytest.mark.parametrize("mode", MODES)
async def test_a_fault_at_any_call_loses_nothing(tmp_path: Path, mode: str) -> None:
    """Every call in turn fails once, and from there on for ever until it is mended."""
    for times in (1, 1_000_000) if mode in {"before", "after"} else (1_000_000,):
        at, struck = 0, True
        while struck:
            place = tmp_path / f"{mode}-{times}-{at}"
            place.mkdir()
            desk = Desk(place)
            fault = Fault(mode, at=at, times=times, seconds=0.001)
            desk.store.arm(fault)
            shots: dict[int, Seen] = {}
            for turn in range(2):
                await desk.write("a", f"turn {turn}")
                try:
                    revision = await desk.keep()
                except SlipwayError:
                    continue
                if revision is not None:
                    shots[revision.seq] = picture(desk.folder)
            struck = fault.seen > at
            desk.store.arm(None)
            desk.clock.ahead += 100
            if at % 2:
                await desk.restart(cache=bool(at % 3), kill=True)
            await desk.history.open()
            assert await desk.history.catch_up()
            await desk.write("last", "x")
            revision = await desk.keep()
            assert revision is not None
            seqs = desk.reader().seqs()
            found = [desk.restored(seq) for seq in seqs]
            assert found[-1] == picture(desk.folder)
            for shot in shots.values():
                assert shot in found, f"{mode} at call {at}: a moment that was kept is gone"
            await desk.close()
            at += 1


async def test_committed_then_timed_out_is_one_revision(desk: Desk) -> None:
    shots = await keep_some(desk, range(1))
    desk.store.arm(Fault("after", times=1, match=lambda what, _: what == "put_new"))
    shots |= await keep_some(desk, range(1, 2))
    assert list(shots) == [1, 2] == desk.reader().seqs()
    desk.store.arm(Fault("after", match=lambda what, _: what == "put_new"))
    shots |= await keep_some(desk, range(2, 3))
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    assert list(shots) == [1, 2, 3] == desk.reader().seqs()
    assert_kept(desk, shots)


async def test_run_looks_again_at_what_did_not_rest_unless_it_is_told_not_to(desk: Desk) -> None:
    log = await desk.write("log.txt", "0")
    await desk.write("a", "x")
    real = desk.clock.sleep

    async def grows_meanwhile(seconds: float) -> None:
        with log.open("a") as file:
            file.write("more")
        await real(seconds)

    desk.clock.sleep = grows_meanwhile  # type: ignore[method-assign]
    tree = await desk.files.walk(desk.folder)
    await grows_meanwhile(0)
    assert await desk.history.commit(NAME, desk.folder, tree) is not None
    assert desk.history.state(NAME).pending == 1
    desk.clock.sleep = real  # type: ignore[method-assign]
    desk.history.leave_alone(lambda name: name == NAME)
    running = asyncio.ensure_future(desk.history.run())
    await asyncio.sleep(0.2)
    assert desk.reader().seqs() == [1]
    desk.history.leave_alone(lambda name: False)
    async with asyncio.timeout(20):
        while desk.reader().seqs() != [1, 2]:
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert_kept(desk, {2: picture(desk.folder)})
    assert desk.history.state(NAME).pending == 0
