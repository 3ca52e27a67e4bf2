"""One writer per prefix: the claim, the take-over, and the fence at the revision's key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.history.revision import Revision, Writer
from monitor.domain.history.revision_text import read_revision, write_revision
from monitor.services.history.writer import Fenced
from tests.support.faults import Fault
from tests.support.keeping import HISTORY, NAME, Desk, picture


def other_desk(desk: Desk, install: str = "other") -> Desk:
    place = desk.tmp / f"as-{install}"
    place.mkdir()
    return Desk(place, inner=desk.memory, install=install)


async def test_another_install_is_refused_and_may_take_over(desk: Desk) -> None:
    await desk.history.open()
    await desk.write("a", "x")
    await desk.keep()
    other = other_desk(desk)
    with pytest.raises(Fenced, match=r"mine.*epoch 1") as caught:
        await other.history.open()
    assert "take-over" in caught.value.hint
    with pytest.raises(Fenced):
        await other.keep()
    await other.history.open(take_over=True)
    await other.write("b", "y")
    revision = await other.keep()
    assert revision is not None
    assert (revision.seq, revision.header.writer.epoch, revision.header.parent) == (2, 2, 1)
    await desk.write("a", "changed")
    with pytest.raises(Fenced):
        await desk.keep()
    with pytest.raises(Fenced):
        await desk.keep()
    assert desk.reader().seqs() == [1, 2]
    assert desk.restored(2) == picture(other.folder)
    await other.close()


async def test_the_same_install_goes_on_at_once_and_an_older_life_of_it_stops(desk: Desk) -> None:
    await desk.history.open()
    await desk.write("a", "x")
    await desk.keep()
    old = desk.history
    await desk.restart(kill=True)
    await desk.history.open()
    await desk.write("a", "y")
    revision = await desk.keep()
    assert revision is not None
    assert revision.seq == 2
    tree = await desk.files.walk(desk.folder)
    await desk.write("a", "z")
    desk.history, new = old, desk.history
    with pytest.raises(Fenced):
        await desk.keep()
    desk.history = new
    assert tree is not None


async def test_a_write_of_an_earlier_life_that_lands_late_is_passed(desk: Desk) -> None:
    """Killed with a request under way: it takes effect after the next life has looked."""
    await desk.write("a", "x")
    await desk.keep()
    await desk.write("a", "y")
    await desk.keep()
    late = {key: desk.objects.pop(key) for key in [k for k in desk.objects if k.endswith(f"{2:020}")]}
    await desk.restart(kill=True, cache=False)
    await desk.history.open()
    await desk.write("b", "z")
    tree = await desk.files.walk(desk.folder)
    desk.store.arm(
        Fault("before", times=1, match=lambda what, _: what == "put_new", then=lambda: desk.objects.update(late))
    )
    revision = await desk.history.commit(NAME, desk.folder, tree)
    assert revision is not None
    assert (revision.seq, revision.header.parent, revision.header.flags) == (3, 2, ("renumbered",))
    assert desk.restored(3) == picture(desk.folder)
    assert desk.restored(2).keys() == {b"a"}


async def test_a_stale_writers_last_write_does_not_stop_the_one_who_took_over(desk: Desk) -> None:
    await desk.history.open()
    await desk.write("a", "x")
    await desk.keep()
    other = other_desk(desk)
    await other.history.open(take_over=True)
    await other.write("b", "y")
    await desk.write("a", "stale")
    tree = await other.files.walk(other.folder)
    real = other.memory.put_new

    async def meanwhile(key: str, data: bytes) -> None:
        other.memory.put_new = real  # type: ignore[method-assign]
        assert await desk.keep() is not None
        await real(key, data)

    other.memory.put_new = meanwhile  # type: ignore[method-assign]
    revision = await other.history.commit(NAME, other.folder, tree)
    assert revision is not None
    assert revision.seq == 3
    assert desk.restored(2) == picture(desk.folder)
    assert desk.restored(3) == picture(other.folder)
    await desk.write("a", "again")
    with pytest.raises(Fenced):
        await desk.keep()
    await other.close()


async def test_a_foreign_revision_in_our_place_stops_us(desk: Desk) -> None:
    """Nobody took over, and yet there it is: no guessing."""
    await desk.write("a", "x")
    await desk.keep()
    (mine,) = [read_revision(data, 1) for key, data in desk.objects.items() if "/revisions/" in key]
    header = replace(mine.header, seq=2, parent=1, writer=Writer("other", 1, "x"))
    key = f"{HISTORY}revisions/{2:020}"
    desk.objects[key] = foreign = write_revision(Revision(header, mine.changed, mine.removed))
    await desk.write("a", "y")
    with pytest.raises(Fenced, match="other"):
        await desk.keep()
    assert desk.objects[key] == foreign
    with pytest.raises(Fenced):
        await desk.keep()


async def test_a_copied_data_folder_is_noticed(desk: Desk) -> None:
    await desk.history.open()
    await desk.write("a", "x")
    await desk.keep()
    twin = other_desk(desk, "twin")
    twin.install = "mine"
    await twin.restart()
    await twin.history.open()
    await twin.write("b", "y")
    await twin.keep()
    await desk.write("a", "z")
    with pytest.raises(Fenced):
        await desk.keep()
    await twin.close()


async def test_a_long_sleep_is_followed_by_a_look_at_the_claim(desk: Desk) -> None:
    """Numbers may have been thinned out meanwhile: the key alone would not fence."""
    await desk.history.open()
    await desk.write("a", "x")
    await desk.keep()
    other = other_desk(desk)
    await other.history.open(take_over=True)
    desk.clock.wall_ahead_ns += 3600 * 10**9
    await desk.write("a", "y")
    with pytest.raises(Fenced):
        await desk.keep()
    assert desk.reader().seqs() == [1]
    await other.close()


async def test_a_newer_format_is_not_touched(desk: Desk) -> None:
    desk.objects["p/FORMAT"] = b'{"format": 2}'
    await desk.write("a", "x")
    with pytest.raises(UnknownFormat):
        await desk.history.open()
    with pytest.raises(UnknownFormat):
        await desk.keep()
    assert desk.objects == {"p/FORMAT": b'{"format": 2}'}
    assert "format 2" in desk.history.state(NAME).error


async def test_a_foreign_object_in_the_formats_place_is_not_overwritten(desk: Desk) -> None:
    desk.objects["p/FORMAT"] = b"a file of somebody else"
    with pytest.raises(BadObject):
        await desk.history.open()
    assert list(desk.objects) == ["p/FORMAT"]


async def test_two_first_writers_make_one_repository(tmp_path: Path) -> None:
    one = Desk(tmp_path)
    other = other_desk(one)
    await one.history.open()
    with pytest.raises(Fenced):
        await other.history.open()
    assert one.objects["p/FORMAT"]
    assert b'"mine"' in one.objects["p/writer"]
    await one.close()
    await other.close()
