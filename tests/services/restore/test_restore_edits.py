"""Saves and swaps made while a restore runs: nothing that was saved is lost, nothing outside is touched."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.domain.history.revision import Grade, Origin, Why
from monitor.domain.restoring.plan import Mode
from monitor.errors import SlipwayError
from tests.support.faults import Fault
from tests.support.restoring import NAME, Spot


def when(spot: Spot, step: str, act: Callable[[], None], *, times: int = 1) -> None:
    """Do `act` at the first steps of that name, in the worker that is placing."""
    left = [times]

    def stepped(name: str) -> None:
        if name == step and left[0]:
            left[0] -= 1
            act()

    spot.placing._step = stepped  # type: ignore[method-assign]


def contents_of_all_revisions(spot: Spot) -> set[bytes]:
    return {
        found[1]
        for seq in spot.desk.reader().seqs()
        for found in spot.oracle(seq).values()
        if found[0] in ("file", "link")
    }


@pytest.mark.parametrize("step", ["begun", "staged", "durable", "committed", "displaced", "placed"])
@pytest.mark.parametrize("path", ["edited", "removed", "folder/in", "fresh", "new/place"])
async def test_a_save_at_any_step_is_on_disk_or_in_a_revision(spot: Spot, step: str, path: str) -> None:
    await spot.desk.write("edited", "one")
    await spot.desk.write("folder/in", "one")
    await spot.desk.write("new/place", "one")
    seq = await spot.keep()
    await spot.desk.write("edited", "two")
    await spot.desk.write("folder/in", "two")
    await spot.desk.write("removed", "two")
    shutil.rmtree(spot.folder / "new")
    place = spot.folder / path

    def save() -> None:
        place.parent.mkdir(exist_ok=True)
        other = place.with_name(".tmp~")
        other.write_text("SAVED MEANWHILE")
        other.rename(place)

    when(spot, step, save)
    result = await spot.restore(seq)
    assert spot.stages == []
    on_disk = place.exists() and place.read_text() == "SAVED MEANWHILE"
    assert on_disk or b"SAVED MEANWHILE" in contents_of_all_revisions(spot)
    if result.displaced:
        header = await spot.desk.history.archive.header(NAME, result.displaced[0])
        assert header.kind == Why.DISPLACED
    wanted = spot.oracle(seq)
    now = spot.now()
    assert {p: now[p] for p in wanted if p != path.encode()} == {
        p: c for p, c in wanted.items() if p != path.encode()
    }


async def test_an_edit_in_place_after_the_safety_revision_is_kept(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    await spot.desk.write("b", "b")
    seq = await spot.keep()
    place = await spot.desk.write("a", "two")

    def edit() -> None:
        with place.open("a") as file:
            file.write(" and MORE")

    when(spot, "staged", edit)
    result = await spot.restore(seq)
    assert place.read_text() == "one"
    (displaced,) = result.displaced
    assert spot.oracle(displaced)[b"a"][1] == b"two and MORE"
    assert spot.oracle(displaced)[b"b"] == spot.oracle(seq)[b"b"], "all else is as it was"
    revision = await spot.desk.history.archive.revision(NAME, displaced)
    assert revision.header.unstable == ()
    assert revision.header.grade is Grade.SETTLED
    await spot.restore(displaced, path="a")
    assert place.read_text() == "two and MORE"


async def test_the_same_path_saved_again_and_again_is_kept_each_time(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    place = await spot.desk.write("a", "two")
    saved = [f"save {number}" for number in range(4)]
    left = iter(saved)

    def save() -> None:
        place.write_text(next(left))

    when(spot, "displaced", save, times=4)
    result = await spot.restore(seq)
    assert place.read_text() == "one"
    assert len(result.displaced) == 4
    assert contents_of_all_revisions(spot) >= {text.encode() for text in saved}
    assert spot.stages == []


async def test_what_no_revision_takes_stays_where_it_is_and_is_named(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    place = await spot.desk.write("a", "two")
    key = "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nx\n"
    when(spot, "committed", lambda: (place.write_text(key), None)[1])
    result = await spot.restore(seq)
    (kept,) = result.left_behind
    assert (kept / "a").read_text() == key
    assert result.notes
    again = await spot.restorer.recover()
    assert [one.outcome for one in again] == ["waiting"]
    assert (kept / "a").read_text() == key
    assert not (await spot.restore(seq)).incomplete, "and it is in nobody's way"


async def test_a_store_that_goes_away_meanwhile_keeps_nothing_from_being_kept(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    place = await spot.desk.write("a", "two")

    def away() -> None:
        place.write_text("SAVED MEANWHILE")
        spot.desk.store.arm(Fault("before"))

    when(spot, "committed", away)
    result = await spot.restore(seq)
    assert place.read_text() == "one"
    assert spot.stages == [] or result.left_behind
    spot.desk.store.arm(None)
    spot.desk.clock.ahead += 1000
    await spot.restorer.recover()
    assert await spot.desk.history.catch_up()
    assert spot.stages == []
    assert b"SAVED MEANWHILE" in contents_of_all_revisions(spot)


@pytest.mark.parametrize("step", ["staged", "durable", "committed", "displaced", "placed"])
async def test_a_folder_swapped_for_a_link_leads_nowhere(spot: Spot, tmp_path: Path, step: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "in").write_text("not yours")
    (outside / "extra").write_text("not yours")
    for path in ("folder/in", "other/in", "zz/in"):
        await spot.desk.write(path, "one")
    seq = await spot.keep()
    for path in ("folder/in", "other/in", "zz/in", "folder/extra", "zz/extra"):
        await spot.desk.write(path, "two")

    def swap() -> None:
        for name in ("folder", "other", "zz"):
            place = spot.folder / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
                place.symlink_to(outside)

    when(spot, step, swap)
    await spot.restore(seq)
    assert {p.name: p.read_text() for p in outside.iterdir()} == {"in": "not yours", "extra": "not yours"}
    await spot.restore(seq)
    assert spot.now() == spot.oracle(seq)
    assert {p.name: p.read_text() for p in outside.iterdir()} == {"in": "not yours", "extra": "not yours"}
    assert spot.stages == []


async def test_links_that_stood_there_are_replaced_and_never_followed(spot: Spot, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "in").write_text("not yours")
    await spot.desk.write("folder/in", "one")
    await spot.desk.write("file", "one")
    seq = await spot.keep()
    shutil.rmtree(spot.folder / "folder")
    (spot.folder / "folder").symlink_to(outside)
    (spot.folder / "file").unlink()
    (spot.folder / "file").symlink_to(outside / "in")
    for mode in Mode:
        result = await spot.restore(seq, mode)
        assert not result.incomplete
        assert spot.now() == spot.oracle(seq)
    assert (outside / "in").read_text() == "not yours"
    assert os.listdir(outside) == ["in"]


async def test_the_stage_itself_cannot_be_a_link(spot: Spot, tmp_path: Path) -> None:
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    await spot.desk.write("a", "two")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (spot.root / ".slipway").symlink_to(elsewhere)
    with pytest.raises(SlipwayError):
        await spot.restore(seq)
    assert not list(elsewhere.iterdir())
    assert (spot.folder / "a").read_text() == "two"


async def test_a_folder_that_came_to_stand_in_the_way_is_left_and_named(spot: Spot) -> None:
    await spot.desk.write("package.json", "{}")
    await spot.desk.write("node_modules", "a file once")
    seq = await spot.keep()
    (spot.folder / "node_modules").unlink()

    def install() -> None:
        (spot.folder / "node_modules").mkdir()
        (spot.folder / "node_modules" / "x").write_text("installed")

    when(spot, "committed", install)
    result = await spot.restore(seq)
    assert result.incomplete
    assert [problem.path for problem in result.problems] == ["node_modules"]
    assert (spot.folder / "node_modules" / "x").read_text() == "installed"
    assert spot.stages == []


async def test_a_restore_another_process_completes_writes_its_revision_too(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    await spot.desk.write("a", "two")
    await spot.keep()

    def gone() -> None:
        raise OSError(errno.EIO, "the disk is gone for a moment")

    when(spot, "placed", gone)
    with pytest.raises(SlipwayError):
        await spot.restore(seq)
    spot.placing._step = lambda name: None  # type: ignore[method-assign]
    (found,) = await spot.restorer.recover()
    assert found.outcome == "completed"
    newest = await spot.desk.history.archive.newest(NAME)
    assert newest is not None
    assert (newest.seq, newest.kind, newest.origin) == (found.after, Why.RESTORE, Origin(NAME, seq))
    assert spot.oracle(newest.seq) == spot.oracle(seq) == spot.now()
