"""A restore to somewhere else, a gone workspace, a new one, another folder, and one from another copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.history.revision import Why
from monitor.domain.restoring.plan import Mode
from monitor.errors import Conflict, UsageError
from monitor.services.history.archive import Archive
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.wish import Wish
from tests.support.restoring import NAME, PREFIX, Spot, picture


async def test_a_deleted_workspace_is_made_again_whole(spot: Spot) -> None:
    await spot.desk.write("a/b", "one")
    (spot.folder / "empty").mkdir(mode=0o500)
    seq = await spot.keep()
    shutil.rmtree(spot.folder)
    result = await spot.restore(seq)
    assert spot.now() == spot.oracle(seq)
    assert result.before is None
    assert spot.folder.stat().st_mode & 0o777 == 0o755
    assert spot.stages == []


async def test_a_new_workspace_comes_to_be_by_one_rename_and_knows_where_from(spot: Spot) -> None:
    await spot.desk.write("a/b", "one")
    await spot.desk.write("c", "two")
    seq = await spot.keep()
    seen: list[set[str]] = []
    spot.placing._step = lambda name: seen.append(set(os.listdir(spot.root / "copy")) if _there(spot) else set())  # type: ignore[method-assign]
    result = await spot.restore(seq, as_name="copy")
    assert picture(spot.root / "copy") == spot.oracle(seq)
    assert {frozenset(s) for s in seen} == {frozenset(), frozenset({"a", "c"})}
    assert result.after == 1
    header = await spot.desk.history.archive.header("copy", 1)
    assert header.kind == Why.FORK
    assert header.origin is not None
    assert (header.origin.workspace, header.origin.seq) == (NAME, seq)
    assert spot.oracle(1, "copy") == spot.oracle(seq)
    with pytest.raises(Conflict):
        await spot.restore(seq, as_name="copy")
    for bad in ("../x", "monitor", "UPPER", ""):
        with pytest.raises(UsageError):
            await spot.restore(seq, as_name=bad)


def _there(spot: Spot) -> bool:
    return (spot.root / "copy").exists()


async def test_into_another_folder(spot: Spot, tmp_path: Path) -> None:
    await spot.desk.write("a/b", "one")
    (spot.folder / "empty").mkdir()
    seq = await spot.keep()
    target = tmp_path / "some" / "where"
    result = await spot.restore(seq, into=target)
    assert picture(target) == spot.oracle(seq)
    assert (result.before, result.after) == (None, None)
    with pytest.raises(Conflict, match="not empty"):
        await spot.restore(seq, into=target)
    (target / "a/b").write_text("mine")
    (target / "mine").write_text("mine too")
    result = await spot.restore(seq, Mode.MERGE, into=target)
    assert (target / "a/b").read_text() == "one"
    assert (target / "mine").read_text() == "mine too"
    (kept,) = result.left_behind
    assert (kept / "a/b").read_text() == "mine"
    assert spot.stages == []
    (tmp_path / "link").symlink_to(target)
    for bad in (spot.root, spot.folder, tmp_path, spot.root / "x"):
        with pytest.raises(UsageError):
            await spot.restore(seq, into=bad)
    with pytest.raises(Conflict):
        await spot.restore(seq, into=tmp_path / "link")


async def test_a_copy_somewhere_else_is_not_vouched_for(spot: Spot) -> None:
    """Its packs need not be where ours are: what comes from there is read and kept anew."""
    place = await spot.desk.write("a", "one")
    seq = await spot.keep()
    elsewhere = MemoryStore()
    elsewhere.objects.update(spot.desk.objects)
    await spot.desk.write("a", "two")
    await spot.keep()
    for key in [key for key in spot.desk.objects if "/packs/" in key or key.endswith(f"/{seq:020}")]:
        del spot.desk.objects[key]
    spot.desk.history.distrust(NAME, [key.rpartition("/")[2] for key in elsewhere.objects if "/packs/" in key])
    archive = Archive(elsewhere, PREFIX)
    wish = Wish(await Choosing(archive, spot.desk.clock).choose(NAME, revision=seq))
    result = await spot.restorer_of(archive).run(wish)
    assert place.read_text() == "one"
    assert result.after is not None
    assert spot.oracle(result.after)[b"a"][1] == b"one"
