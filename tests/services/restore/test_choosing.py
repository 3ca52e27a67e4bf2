"""Which revision is meant: a number, a name, a moment; also when the clock was set back or the time is ambiguous."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from monitor.domain import keys
from monitor.domain.history.revision import Why
from monitor.domain.history.snapshot import Snapshot, write_snapshot
from monitor.domain.moments import rfc3339
from monitor.domain.streams import data_of
from monitor.domain.tree import Tree
from monitor.errors import NotFound, UsageError
from monitor.services.restore.choosing import Choosing, Expired
from tests.support.restoring import NAME, PREFIX, Spot

HOUR_NS = 3600 * 10**9


@pytest.fixture
def choosing(spot: Spot) -> Choosing:
    return Choosing(spot.desk.history.archive, spot.desk.clock, ZoneInfo("Europe/Berlin"))


async def test_a_moment_leads_to_what_was_kept_then(spot: Spot, choosing: Choosing) -> None:
    await spot.desk.write("a", "one")
    seqs = []
    for _ in range(4):
        seqs.append(await spot.keep())
        spot.desk.clock.wall_ahead_ns += HOUR_NS
    for seq in seqs:
        time_ns = (await spot.desk.history.archive.header(NAME, seq)).time_ns
        assert (await choosing.choose(NAME, at=rfc3339(time_ns))).seq == seq, "a moment includes its revision"
        assert (await choosing.choose(NAME, at=rfc3339(time_ns + HOUR_NS // 2))).seq == seq
    chosen = await choosing.choose(NAME, at="90 minutes ago")
    assert chosen.seq == seqs[2]
    said = "\n".join(chosen.lines())
    assert chosen.moment is not None
    assert chosen.moment.utc in said
    assert f"revision {seqs[2]}" in said
    assert chosen.as_json()["asked"] == chosen.moment.utc


async def test_before_the_first_revision_is_not_found_and_says_when_it_begins(spot: Spot, choosing: Choosing) -> None:
    await spot.keep()
    with pytest.raises(NotFound) as caught:
        await choosing.choose(NAME, at="2001-01-01 00:00:00")
    assert "2000-12-31T23:00:00" in caught.value.message
    assert rfc3339((await spot.desk.history.archive.header(NAME, 1)).time_ns) in caught.value.hint
    with pytest.raises(NotFound):
        await choosing.choose("never-was", at="now")


async def test_a_clock_that_was_a_day_ahead_and_back_misleads_nobody(spot: Spot, choosing: Choosing) -> None:
    await spot.keep()
    spot.desk.clock.wall_ahead_ns += HOUR_NS
    await spot.keep()
    spot.desk.clock.wall_ahead_ns += 24 * HOUR_NS
    await spot.keep()
    spot.desk.clock.wall_ahead_ns -= 24 * HOUR_NS
    right = await spot.keep()
    spot.desk.clock.wall_ahead_ns += HOUR_NS // 6
    wrong = await spot.keep()
    chosen = await choosing.choose(NAME, at="5 minutes ago")
    assert chosen.seq == right != wrong
    far = await choosing.choose(NAME, at="30 minutes ago")
    assert far.seq == 1
    assert len(far.steps) == 1
    assert "set back" in "\n".join(far.lines())


async def test_names_and_numbers(spot: Spot, choosing: Choosing) -> None:
    seq = await spot.keep()
    spot.desk.objects[keys.name_key(PREFIX, NAME, "v1/beta")] = write_snapshot(Snapshot("v1/beta", seq, 5))
    old = Snapshot("old", seq, 5, expires_ns=6)
    spot.desk.objects[keys.name_key(PREFIX, NAME, "old")] = write_snapshot(old)
    assert (await choosing.choose(NAME, snapshot="v1/beta")).seq == seq
    assert (await choosing.choose(NAME, revision=seq)).seq == seq
    with pytest.raises(Expired):
        await choosing.choose(NAME, snapshot="old")
    chosen = await choosing.choose(NAME, snapshot="old", force=True)
    assert chosen.snapshot == old
    for missing in ({"snapshot": "nobody"}, {"revision": 99}, {"revision": 0}, {"revision": 10**30}):
        with pytest.raises(NotFound):
            await choosing.choose(NAME, **missing)  # type: ignore[arg-type]
    with pytest.raises(NotFound) as missing_data:
        await choosing.choose(data_of(NAME), revision=1)
    assert f"`slipway history {NAME} --data`" in missing_data.value.hint, "as the command line names it"
    for wrong in ({}, {"revision": 1, "at": "now"}, {"at": "2024-10-27 02:30:00"}, {"snapshot": "../x"}):
        with pytest.raises(UsageError):
            await choosing.choose(NAME, **wrong)  # type: ignore[arg-type]


async def test_a_deletion_seen_in_pieces_is_undone_as_a_whole(spot: Spot, choosing: Choosing) -> None:
    for name in "abcd":
        await spot.desk.write(name, name)
    await spot.keep()
    spot.desk.clock.wall_ahead_ns += HOUR_NS
    await spot.desk.write("a", "the last edit")
    whole = await spot.keep()
    for name in "abc":
        (spot.desk.folder / name).unlink()
        await spot.keep()
    await spot.desk.history.commit(NAME, spot.desk.folder, Tree({}), kind=Why.DELETED)
    assert (await choosing.last_alive(NAME)).seq == whole


async def test_what_was_saved_while_files_went_is_not_taken_for_a_piece_of_the_deletion(
    spot: Spot, choosing: Choosing
) -> None:
    for name in "abc":
        await spot.desk.write(name, name)
    await spot.keep()
    (spot.desk.folder / "a").unlink()
    await spot.desk.write("b", "saved meanwhile")
    edited = await spot.keep()
    (spot.desk.folder / "c").unlink()
    await spot.keep()
    await spot.desk.history.commit(NAME, spot.desk.folder, Tree({}), kind=Why.DELETED)
    assert (await choosing.last_alive(NAME)).seq == edited


async def test_a_file_removed_long_before_the_deletion_stays_removed(spot: Spot, choosing: Choosing) -> None:
    for name in "ab":
        await spot.desk.write(name, name)
    await spot.keep()
    (spot.desk.folder / "a").unlink()
    alive = await spot.keep()
    spot.desk.clock.wall_ahead_ns += HOUR_NS
    await spot.desk.history.commit(NAME, spot.desk.folder, Tree({}), kind=Why.DELETED)
    assert (await choosing.last_alive(NAME)).seq == alive
