"""A process killed with -9 at every step of a restore; a new one completes or undoes it, never half."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from monitor.adapters.folder_store import FolderStore
from tests.support.independent_reader import Reader
from tests.support.keeping import PREFIX, picture
from tests.support.restoring import NAME, Spot

Scene = Callable[[Spot], Awaitable[object]]


async def furnish(spot: Spot) -> None:
    """Two revisions that differ in everything, the second on disk, and what the filter leaves out beside it."""
    await spot.desk.write("package.json", "{}")
    await spot.desk.write("edited", "one")
    await spot.desk.write("gone/deep/file", "one")
    await spot.desk.write("file-to-folder", "one")
    await spot.desk.write("folder-to-file/x", "one")
    await spot.desk.write("mode", "one", mode=0o600)
    (spot.folder / "hollow").mkdir(mode=0o700)
    (spot.folder / "link").symlink_to("edited")
    await spot.keep()
    await spot.desk.write("edited", "two")
    shutil.rmtree(spot.folder / "gone")
    (spot.folder / "file-to-folder").unlink()
    await spot.desk.write("file-to-folder/y", "two")
    shutil.rmtree(spot.folder / "folder-to-file")
    await spot.desk.write("folder-to-file", "two")
    (spot.folder / "mode").chmod(0o755)
    (spot.folder / "hollow").rmdir()
    (spot.folder / "link").unlink()
    (spot.folder / "link").symlink_to("mode")
    await spot.desk.write("new/file", "two")
    await spot.desk.write(".env", "SECRET")
    await spot.desk.write("node_modules/x/index.js", "x")
    await spot.keep()
    # Saved, and in no revision yet.
    await spot.desk.write("edited", "three")


def in_a_child(work: Callable[[], Awaitable[object]]) -> int:
    """Run it in a process of its own; the signal that ended it, or 0."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.run(work())  # type: ignore[arg-type]
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def killing(at: int) -> Callable[[str], None]:
    """Kills this process at the `at`-th step."""
    left = [at]

    def step(name: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


async def with_spot(top: Path, scene: Scene, at: int | None = None) -> None:
    store = FolderStore(top / "store", create=True)
    spot = Spot(top, inner=store, step=killing(at) if at is not None else lambda name: None)
    try:
        await scene(spot)
    finally:
        await spot.close()
        store.close()


def reader(top: Path, name: str = NAME) -> Reader:
    store = top / "store"

    def keys(prefix: str) -> list[str]:
        files = [p for p in store.rglob("*") if p.is_file() and not p.name.startswith(".")]
        return [k for k in (str(p.relative_to(store)) for p in files) if k.startswith(prefix)]

    return Reader(lambda key: (store / key).read_bytes(), keys, name, PREFIX)


def state_of(top: Path, seq: int) -> dict[bytes, object]:
    target = top / f"oracle-{seq}"
    if not target.exists():
        target.mkdir()
        reader(top).restore(seq, target)
    return dict(picture(target))


async def restore_first(spot: Spot) -> object:
    return await spot.restore(1)


async def recover(spot: Spot) -> object:
    found = await spot.restorer.recover()
    assert all(one.outcome in ("completed", "undone") for one in found), found
    assert spot.stages == []
    assert not await spot.restorer.recover()
    return found


def parted(folder: Path) -> tuple[dict[bytes, object], dict[bytes, object]]:
    """What the filter keeps, and what it leaves out."""
    everything = picture(folder)
    out = {p: c for p, c in everything.items() if p == b".env" or p.startswith(b"node_modules/")}
    return {p: c for p, c in everything.items() if p not in out}, dict(out)


@pytest.mark.timeout(300)
def test_a_killed_restore_is_completed_or_undone(tmp_path: Path) -> None:
    asyncio.run(with_spot(tmp_path / "pristine", furnish)) if not (tmp_path / "pristine").mkdir() else None
    pristine = tmp_path / "pristine"
    before, out = parted(pristine / "workspaces" / NAME)
    wanted = state_of(pristine, 1)
    outcomes: list[str] = []
    at = 0
    while True:
        top = tmp_path / f"at-{at}"
        shutil.copytree(pristine, top, symlinks=True)
        killed = in_a_child(lambda top=top, at=at: with_spot(top, restore_first, at))  # type: ignore[misc]
        assert killed in (0, signal.SIGKILL)
        assert in_a_child(lambda top=top: with_spot(top, recover)) == 0  # type: ignore[misc]
        now, still_out = parted(top / "workspaces" / NAME)
        assert still_out == out, f"step {at}: what the filter leaves out"
        assert now in (before, wanted), f"step {at}: neither before nor after"
        outcomes.append("after" if now == wanted else "before")
        kinds = {reader(top).header(seq)["kind"] for seq in reader(top).seqs()}
        assert "displaced" not in kinds, f"step {at}: the safety revision holds all that was replaced"
        everywhere = {c[1] for seq in reader(top).seqs() for c in state_of(top, seq).values()}  # type: ignore[index]
        assert b"three" in everywhere or now == before, f"step {at}: the last save is lost"
        if not killed:
            break
        assert in_a_child(lambda top=top: with_spot(top, restore_first)) == 0  # type: ignore[misc]
        assert parted(top / "workspaces" / NAME)[0] == wanted, f"step {at}: and then once more"
        shutil.rmtree(top)
        at += 1
    assert outcomes == sorted(outcomes, reverse=True), "undone up to the commit, completed from then on"
    assert {"before", "after"} == set(outcomes)
    assert at > 20


@pytest.mark.timeout(300)
@pytest.mark.parametrize("deleted", [False, True])
def test_a_new_workspace_is_there_whole_or_not_at_all(tmp_path: Path, deleted: bool) -> None:
    pristine = tmp_path / "pristine"
    pristine.mkdir()
    asyncio.run(with_spot(pristine, furnish))
    name = NAME if deleted else "copy"
    if deleted:
        shutil.rmtree(pristine / "workspaces" / NAME)

    async def fork(spot: Spot) -> object:
        if deleted:
            spot.folder.rmdir()
        return await spot.restore(1, **({} if deleted else {"as_name": "copy"}))

    wanted, at, seen = state_of(pristine, 1), 0, set()
    while True:
        top = tmp_path / f"at-{at}"
        shutil.copytree(pristine, top, symlinks=True)
        killed = in_a_child(lambda top=top, at=at: with_spot(top, fork, at))  # type: ignore[misc]

        async def recover_with_folder(spot: Spot) -> object:
            if deleted and not os.listdir(spot.folder):
                spot.folder.rmdir()
            return await recover(spot)

        folder = top / "workspaces" / name
        at_kill = picture(folder) if folder.exists() else None
        assert at_kill in (None, wanted), f"step {at}: picked up half"
        assert in_a_child(lambda top=top: with_spot(top, recover_with_folder)) == 0  # type: ignore[misc]
        now = picture(folder) if folder.exists() else None
        assert now in (None, wanted), f"step {at}"
        seen.add(now is None)
        if not killed:
            break
        shutil.rmtree(top)
        at += 1
    assert seen == {True, False}


def test_a_kill_while_recovering_is_recovered_too(tmp_path: Path) -> None:
    pristine = tmp_path / "pristine"
    pristine.mkdir()
    asyncio.run(with_spot(pristine, furnish))
    wanted, steps = state_of(pristine, 1), []

    async def count(spot: Spot) -> object:
        return await spot.restore(1)

    names: list[str] = []
    counted = tmp_path / "counted"
    shutil.copytree(pristine, counted, symlinks=True)

    async def counting() -> None:
        store = FolderStore(counted / "store")
        spot = Spot(counted, inner=store, step=names.append)
        await count(spot)
        await spot.close()
        store.close()

    asyncio.run(counting())
    steps = [names.index("committed"), names.index("displaced"), names.index("placed"), names.index("all placed")]
    for first in steps:
        for second in range(0, 12, 3):
            top = tmp_path / f"at-{first}-{second}"
            shutil.copytree(pristine, top, symlinks=True)
            assert in_a_child(lambda top=top, at=first: with_spot(top, restore_first, at)) == signal.SIGKILL  # type: ignore[misc]
            in_a_child(lambda top=top, at=second: with_spot(top, recover, at))  # type: ignore[misc]
            assert in_a_child(lambda top=top: with_spot(top, recover)) == 0  # type: ignore[misc]
            assert parted(top / "workspaces" / NAME)[0] == wanted
            shutil.rmtree(top)
