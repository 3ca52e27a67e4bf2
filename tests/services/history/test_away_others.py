"""What waited meets what others did to the bucket meanwhile: their revisions, their claim, their collection."""

from __future__ import annotations

import pytest

from monitor.domain.history.revision import CONTENT_LOST, RENUMBERED, Writer
from monitor.domain.history.revision_text import read_revision, write_revision
from monitor.ports.store import StoreAway
from monitor.services.history.writer import Fenced
from tests.support.faults import Fault, writes
from tests.support.keeping import HISTORY, NAME, Desk, assert_kept, keep_some, picture


async def test_away_at_the_start_without_a_cache_what_waits_is_put_above(desk: Desk) -> None:
    shots = await keep_some(desk, range(3))
    await desk.restart(cache=False)
    desk.store.arm(Fault())
    before = await keep_some(desk, range(3, 5))
    assert list(before) == [1, 2], "nobody knows here what is there"
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    shots |= {seq + 3: shot for seq, shot in before.items()}
    assert_kept(desk, shots)
    header = desk.reader().header(4)
    assert (header["parent"], header["flags"]) == (3, [RENUMBERED])
    shots |= await keep_some(desk, range(5, 6))
    assert list(shots) == [1, 2, 3, 4, 5, 6]
    assert_kept(desk, shots)


async def test_a_foreign_revision_above_what_waits_is_passed(desk: Desk) -> None:
    shots = await keep_some(desk, range(2))
    desk.store.arm(Fault())
    waiting = await keep_some(desk, range(2, 5))
    desk.store.arm(None)
    foreign = read_revision(desk.objects[f"{HISTORY}revisions/{2:020}"])
    for seq in (3, 4):
        copy = foreign.header
        values = {name: getattr(copy, name) for name in copy.__slots__}
        values |= {"seq": seq, "parent": seq - 1, "writer": Writer("other", 1, "x")}
        data = write_revision(type(foreign)(type(copy)(**values), foreign.changed, foreign.removed))
        desk.objects[f"{HISTORY}revisions/{seq:020}"] = data
    desk.clock.ahead += 100
    assert await desk.history.catch_up()
    assert desk.reader().seqs() == [1, 2, 3, 4, 5, 6, 7]
    for old, new in zip(waiting, (5, 6, 7), strict=True):
        assert desk.restored(new) == waiting[old]
        header = desk.reader().header(new)
        assert RENUMBERED in header["flags"]
        assert header["parent"] == new - 1
    assert_kept(desk, shots)
    more = await keep_some(desk, range(5, 6))
    assert list(more) == [8]
    assert_kept(desk, more)


@pytest.mark.parametrize("at", range(8))
async def test_renumbering_survives_a_kill(desk: Desk, at: int) -> None:
    await keep_some(desk, range(4))
    await desk.restart(cache=False)
    desk.store.arm(Fault())
    waiting = await keep_some(desk, range(4, 7))
    desk.store.arm(None)
    desk.clock.ahead += 100
    desk.spool.arm(Fault("after" if at % 2 else "before", at=at // 2, match=writes, error=StoreAway("killed")))
    await desk.history.catch_up()
    await desk.restart(kill=True)
    assert await desk.history.catch_up()
    found = [desk.restored(seq) for seq in desk.reader().seqs()]
    assert found[4:] == list(waiting.values())


async def test_a_writer_who_was_taken_over_keeps_what_waits_until_it_takes_over_again(desk: Desk) -> None:
    shots = await keep_some(desk, range(1))
    desk.store.arm(Fault())
    waiting = await keep_some(desk, range(1, 3))
    (desk.tmp / "other").mkdir()
    other = Desk(desk.tmp / "other", inner=desk.memory, install="other")
    await other.history.open(take_over=True)
    await other.write("theirs", "x")
    await other.keep()
    desk.store.arm(None)
    desk.clock.ahead += 100
    with pytest.raises(Fenced):
        await desk.history.catch_up()
    assert desk.history.state(NAME).spooled == 2
    assert "other" in desk.history.state(NAME).error
    await desk.restart()
    with pytest.raises(Fenced):
        await desk.history.open()
    await desk.history.open(take_over=True)
    assert await desk.history.catch_up()
    assert desk.reader().seqs() == [1, 2, 3, 4]
    assert [desk.restored(seq) for seq in (3, 4)] == list(waiting.values())
    assert_kept(desk, shots)
    await other.write("theirs", "more")
    other.clock.ahead += 100
    with pytest.raises(Fenced):
        await other.keep()
    await other.close()


@pytest.mark.parametrize("restart", ["", "cache", "no cache"])
@pytest.mark.parametrize("part", ["packs", "bases"])
async def test_what_another_collection_took_meanwhile_is_read_again(desk: Desk, restart: str, part: str) -> None:
    await desk.write("kept", "one")
    await desk.write("also/kept", "two")
    await desk.keep()
    desk.store.arm(Fault(error=StoreAway("away")))
    shots = await keep_some(desk, range(2))
    if restart:
        await desk.restart(kill=True, cache=restart == "cache")
    taken = [key for key in desk.objects if f"/{part}/" in key or "/revisions/" in key or "/packs/" in key]
    for key in taken:
        await desk.memory.delete(key)
    desk.store.arm(None)
    desk.clock.ahead += 100
    assert await desk.history.catch_up() is True
    assert desk.reader().seqs() == sorted(shots)
    for seq in shots:
        desk.restored(seq)  # raises where a byte is missing
    revision = await desk.keep(always=True)
    assert revision is not None
    assert desk.restored(revision.seq) == picture(desk.folder)
    assert CONTENT_LOST not in revision.header.flags
    assert CONTENT_LOST in (await desk.history.archive.header(NAME, max(shots))).flags
