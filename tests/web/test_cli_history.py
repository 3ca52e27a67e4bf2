"""The commands about what was kept, against a real control socket over real services."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.app.install import held
from monitor.cli.command import _run
from monitor.web.control import control_socket
from tests.support.face import Stage
from tests.support.past import Kept, kept
from tests.web.conftest import running

Said = tuple[int, str, str]
Slipway = Callable[..., Awaitable[Said]]


@pytest.fixture
async def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> AsyncIterator[Kept]:
    """A monitor's data folder, held, with its socket; the commands run there."""
    for name in [name for name in os.environ if name.startswith("SLIPWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLIPWAY_BASE", str(tmp_path))
    data = tmp_path / ".slipway"
    async with kept(tmp_path / "kept") as shelf, running(stage.jobs.run):
        face = dataclasses.replace(stage.face, past=shelf.past, restoring=shelf.restoring)
        with held(data):
            async with control_socket(face, data):
                yield shelf


@pytest.fixture
def slipway(shelf: Kept, capsys: pytest.CaptureFixture[str]) -> Slipway:
    async def run(*argv: str) -> Said:
        capsys.readouterr()
        code = await asyncio.to_thread(_run, list(argv))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


async def as_json(slipway: Slipway, *argv: str) -> Any:
    code, out, err = await slipway(*argv, "--json")
    assert code == 0, err
    return json.loads(out)


async def test_history_of_a_workspace_and_of_one_file(shelf: Kept, slipway: Slipway) -> None:
    for number in range(3):
        await shelf.save("shop/a", str(number) * 2000)
    await shelf.save("shop/b", "b")
    code, out, err = await slipway("history", "shop", "-n", "2")
    assert [line.split()[0] for line in out.splitlines()] == ["revision", "4", "3"]
    assert (code, "--before 3" in err) == (0, True)
    assert [one["seq"] for one in (await as_json(slipway, "history", "shop", "--before", "3"))["items"]] == [2, 1]
    assert [one["seq"] for one in (await as_json(slipway, "history", "shop", "a"))["items"]] == [3, 2, 1]
    code, out, err = await slipway("history", "shop", "never")
    assert (code, out) == (4, "")
    code, out, _ = await slipway("diff", "shop", "3")
    assert (code, out.splitlines()[0]) == (0, "A b  +1 -0")
    code, out, _ = await slipway("diff", "shop", "1", "3", "a")
    assert f"-{'0' * 2000}" in out.splitlines()


async def test_a_name_that_is_no_text_does_not_reach_the_terminal(shelf: Kept, slipway: Slipway) -> None:
    await shelf.save("shop/a", "1")
    await shelf.save("shop/\x1b[2J\udcff", "2")
    for argv in (
        ["diff", "shop", "1"],
        ["history", "shop", "\x1b[2J\udcff"],
        ["restore", "shop", "--revision", "1", "--dry-run"],
    ):
        code, out, err = await slipway(*argv)
        assert code == 0, err
        assert "\x1b" not in out + err
        assert "\\x1b" in out


async def test_snapshots(shelf: Kept, slipway: Slipway) -> None:
    await shelf.save("shop/a", "1")
    code, out, err = await slipway("snapshot", "create", "shop", "v1", "--tag", "x", "--ttl", "7d", "--note", "hello")
    assert (code, out) == (0, "")
    assert "revision 2" in err
    assert (await slipway("snapshot", "create", "shop", "v1"))[0] == 5
    assert (await slipway("snapshot", "create", "shop", "v2", "--ttl", "soon"))[0] == 2
    assert (await slipway("snapshot", "tag", "shop", "v1", "y", "--remove", "x"))[0] == 0
    assert (await slipway("snapshot", "note", "shop", "v1", "--forever"))[0] == 0
    shown = await as_json(slipway, "snapshot", "show", "shop", "v1")
    assert (shown["tags"], shown["expires_at"], shown["note"]) == (["y"], None, "hello")
    code, out, _ = await slipway("snapshot", "list", "shop")
    assert (code, out.splitlines()[1].split()[:2]) == (0, ["v1", "2"])
    await shelf.save("shop/a", "3")
    await slipway("restore", "shop", "--snapshot", "v1", "--yes")
    code, out, _ = await slipway("snapshot", "list", "shop", "--tree")
    assert (code, any(line.startswith("└─ 5") for line in out.splitlines())) == (0, True), out
    code, out, err = await slipway("snapshot", "delete", "shop", "v1")
    assert (code, "--yes" in err) == (2, True), "nobody could be asked"
    assert (await slipway("snapshot", "delete", "shop", "v1", "--yes"))[0] == 0
    assert (await slipway("snapshot", "show", "shop", "v1"))[0] == 4


async def test_restore_never_asks_where_nobody_answers_and_says_what_it_would_do(
    shelf: Kept, slipway: Slipway
) -> None:
    await shelf.save("shop/a", "1")
    await shelf.save("shop/b", "2")
    code, _, err = await slipway("restore", "shop", "--revision", "1")
    assert (code, "--yes" in err) == (2, True)
    code, out, _ = await slipway("restore", "shop", "--revision", "1", "--dry-run")
    assert (code, "remove   b  (not there then)" in out.splitlines()) == (0, True)
    assert (shelf.root / "shop/b").exists()
    code, out, err = await slipway("restore", "shop", "--revision", "1", "--yes")
    assert (code, "what was there before is revision 3" in out) == (0, True), err
    assert not (shelf.root / "shop/b").exists()
    assert (await slipway("restore", "shop", "--revision", "77", "--yes"))[0] == 4
    assert (await slipway("restore", "shop", "--yes"))[0] == 2


async def test_a_path_that_cannot_be_placed_makes_it_incomplete(shelf: Kept, slipway: Slipway) -> None:
    await shelf.save("shop/vendor", "a file once")
    (shelf.root / "shop/vendor").unlink()
    await shelf.write("shop/vendor/.env", "KEEP=me")
    await shelf.save("shop/a", "1")
    code, out, _ = await slipway("restore", "shop", "--revision", "1", "--yes")
    assert (code, "REFUSED  vendor" in out) == (3, True)
    assert (shelf.root / "shop/vendor/.env").read_text() == "KEEP=me"


async def test_deleted_ones_are_listed_restored_and_purged(shelf: Kept, slipway: Slipway) -> None:
    await shelf.save("shop/a", "1")
    shutil.rmtree(shelf.root / "shop")
    code, out, _ = await slipway("list", "--deleted")
    assert (code, out.splitlines()[1].split()[0]) == (0, "shop")
    assert (await slipway("restore", "shop", "--yes"))[0] == 0
    assert (await slipway("purge", "shop", "--yes"))[0] == 5, "its folder is there"
    shutil.rmtree(shelf.root / "shop")
    code, out, _ = await slipway("purge", "shop", "--dry-run")
    assert (code, "would be removed" in out) == (0, True)
    assert (await slipway("purge", "shop"))[0] == 2, "nobody could be asked"
    assert (await slipway("purge", "shop", "--yes"))[0] == 0
    assert await as_json(slipway, "list", "--deleted") == {"items": []}


async def test_fork_sync_verify_and_retention(shelf: Kept, slipway: Slipway) -> None:
    await shelf.save("shop/a", "1")
    await shelf.write("shop/a", "2")
    code, _, err = await slipway("sync", "shop")
    assert (code, "revision 2" in err) == (0, True)
    assert (await slipway("sync", "shop", "--pull"))[0] == 5
    assert (await slipway("fork", "shop", "shop-2", "--revision", "1"))[0] == 0
    assert (shelf.root / "shop-2/a").read_text() == "1"
    code, out, _ = await slipway("retention", "shop", "--dry-run")
    assert (code, out.splitlines()[0].split()[:2]) == (0, ["keep", "1"])
    assert (await slipway("retention", "shop"))[0] == 0
    assert (await as_json(slipway, "verify", "shop", "--read-data"))["whole"] is True
    pack = next(key for key in shelf.memory.objects if key.startswith("shop/history/packs/"))
    shelf.memory.objects[pack] = b"rubbish"
    code, out, _ = await slipway("verify", "shop")
    assert (code, pack in out) == (3, True)
