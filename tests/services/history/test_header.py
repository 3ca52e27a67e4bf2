"""What a revision says of itself: its kind and flags, where it is from, its time, the git head."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from monitor.domain.history.revision import Origin, Why
from monitor.domain.moments import NS
from monitor.domain.tree import Tree
from tests.support.keeping import NAME, Desk, picture


async def test_much_gone_at_once_is_flagged_and_a_deleted_folder_has_its_last_revision(desk: Desk) -> None:
    for number in range(150):
        (desk.folder / f"{number}").write_text("x")
    await desk.rest()
    await desk.keep()
    for number in range(149):
        (desk.folder / f"{number}").unlink()
    revision = await desk.keep()
    assert revision is not None
    assert (revision.header.kind, revision.header.flags) == (Why.MASS_DELETE, ("mass-delete",))
    assert len(desk.restored(1)) == 150
    shutil.rmtree(desk.folder)
    revision = await desk.history.commit(NAME, desk.folder, Tree({}), kind=Why.DELETED)
    assert revision is not None
    assert (revision.header.kind, revision.header.flags, revision.header.files) == (Why.DELETED, (), 0)
    assert desk.restored(3) == {}
    desk.folder.mkdir()
    await desk.write("again", "x")
    revision = await desk.keep()
    assert revision is not None
    assert (revision.seq, revision.header.parent) == (4, 3)


async def test_much_gone_in_pieces_is_flagged_as_if_it_were_at_once(desk: Desk) -> None:
    for number in range(300):
        (desk.folder / f"{number}").write_text("x")
    await desk.rest()
    await desk.keep()

    async def kinds(sizes: Iterable[int], apart_s: int) -> list[str]:
        found = []
        for size in sizes:
            desk.clock.wall_ahead_ns += apart_s * NS
            for number in range(size, 300):
                (desk.folder / f"{number}").unlink(missing_ok=True)
            revision = await desk.keep()
            assert revision is not None
            found.append(str(revision.header.kind))
        return found

    assert await kinds((270, 240, 210), 60) == ["change"] * 3, "a file now and then is no loss"
    assert await kinds((170, 130, 90, 50, 0), 5) == ["change", "change", "mass-delete", "change", "change"]


async def test_a_revision_can_be_asked_for_without_a_change(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    revision = await desk.keep(kind=Why.BEFORE_RESTORE, always=True, origin=Origin("other", 7), seen_ns=5)
    assert revision is not None
    header = revision.header
    assert (header.seq, header.kind, header.origin, header.seen_ns) == (2, "before-restore", Origin("other", 7), 5)
    assert desk.restored(2) == picture(desk.folder)


async def test_time_is_after_every_read_and_a_clock_set_back_is_flagged(desk: Desk) -> None:
    place = await desk.write("a", "x")
    first = await desk.keep()
    assert first is not None
    assert first.time_ns >= place.stat().st_mtime_ns
    desk.clock.wall_ahead_ns -= 10 * 10**9
    await desk.write("a", "y")
    second = await desk.keep()
    assert second is not None
    assert second.header.flags == ("clock-back",)
    assert (second.header.segment, second.time_ns < first.time_ns) == (2, True)
    found = await desk.history.archive.at(NAME, second.time_ns)
    assert (found.header and found.header.seq, found.steps) == (2, ())
    found = await desk.history.archive.at(NAME, second.time_ns - 1)
    assert found.header is None
    assert [step.seq for step in found.steps] == [2]


async def test_the_git_head_is_read_from_files(desk: Desk) -> None:
    await desk.write("a", "x")
    git = desk.folder / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/main\n")
    revision = await desk.keep()
    assert revision is not None
    assert revision.header.git is not None
    assert (revision.header.git.commit, revision.header.git.branch) == ("b" * 40, "refs/heads/main")
    (git / "refs/heads/main").write_text("a" * 40 + "\n")
    revision = await desk.keep(always=True)
    assert revision is not None
    assert revision.header.git is not None
    assert revision.header.git.commit == "a" * 40
    for hostile in ("ref: ../../../../etc/passwd", "ref: refs/../../x", "garbage", "ref: refs/heads/none"):
        (git / "HEAD").write_text(hostile)
        assert await desk.files.git_head(desk.folder) is None
    shutil.rmtree(git)
    git.symlink_to(desk.tmp)
    assert await desk.files.git_head(desk.folder) is None
