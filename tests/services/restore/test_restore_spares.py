"""What a restore leaves where it is: what the filter leaves out now or then, and keys no revision holds."""

from __future__ import annotations

import shutil

from monitor.domain.filters import Overrides
from tests.support.restoring import Spot, picture


async def test_what_the_filter_leaves_out_survives_and_is_in_nobodys_way(spot: Spot) -> None:
    await spot.desk.write("package.json", "{}")
    await spot.desk.write("src/app.js", "one")
    seq = await spot.keep()
    await spot.desk.write(".env", "SECRET=1", mode=0o600)
    await spot.desk.write("node_modules/left/index.js", "x")
    await spot.desk.write("src/debug.log", "log")
    await spot.desk.write("src/app.js", "two")
    await spot.desk.write("src/extra.js", "e")
    shutil.rmtree(spot.folder / ".git", ignore_errors=True)
    result = await spot.restore(seq)
    left = picture(spot.folder)
    assert {b".env", b"node_modules/left/index.js", b"src/debug.log"} == left.keys() - spot.oracle(seq).keys()
    assert all(left[path] == one for path, one in spot.oracle(seq).items())
    assert not result.incomplete
    assert {one.path for one in result.planned.plan.left} == {".env", "node_modules", "src/debug.log"}
    assert not any(b"SECRET" in data for data in spot.desk.objects.values())


async def test_a_file_where_an_excluded_folder_stands_makes_it_incomplete(spot: Spot) -> None:
    await spot.desk.write("node_modules", "a file once")
    await spot.desk.write("other", "o")
    seq = await spot.keep()
    (spot.folder / "node_modules").unlink()
    await spot.desk.write("package.json", "{}")
    await spot.desk.write("node_modules/x/index.js", "x")
    (spot.folder / "other").unlink()
    result = await spot.restore(seq)
    assert result.incomplete
    assert [one.path for one in result.planned.plan.refused] == ["node_modules"]
    assert (spot.folder / "node_modules/x/index.js").read_text() == "x"
    assert (spot.folder / "other").read_text() == "o"


async def test_a_private_key_that_is_in_no_revision_is_not_removed(spot: Spot) -> None:
    await spot.desk.write("a", "a")
    seq = await spot.keep()
    key = "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nx\n"
    await spot.desk.write("notes.txt", key)
    result = await spot.restore(seq)
    assert (spot.folder / "notes.txt").read_text() == key
    assert result.planned.plan.left[0].path == "notes.txt"


async def test_what_the_restored_ignore_file_leaves_out_stays(spot: Spot) -> None:
    await spot.desk.write(".gitignore", "*.out\nbuilt/\n")
    await spot.desk.write("in/.gitignore", "!kept.out\n")
    await spot.desk.write("a.out", "made then")
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    await spot.desk.write(".gitignore", "# nothing is ignored any more\n")
    for path in ("built/x", "in/b.out", "in/kept.out", "new"):
        await spot.desk.write(path, "now")
    await spot.keep()
    planned = await spot.restorer.plan(await spot.wish(seq))
    assert any("ignore file that comes back" in left.reason for left in planned.plan.left)
    result = await spot.restore(seq)
    assert not result.incomplete
    assert (spot.folder / ".gitignore").read_text().startswith("*.out")
    there = {path for path in ("a.out", "built/x", "in/b.out", "in/kept.out", "new") if (spot.folder / path).exists()}
    assert there == {"a.out", "built/x", "in/b.out"}, "what it does not leave out goes, as everything later does"


async def test_what_the_restored_settings_exclude_stays(spot: Spot) -> None:
    await spot.desk.write("slipway.yaml", "sync:\n  exclude: [big/]\n")
    await spot.desk.write("a", "one")
    spot.desk.overrides = Overrides(("big/",))
    await spot.desk.write("big/x", "made then, and never kept")
    seq = await spot.keep()
    await spot.desk.write("slipway.yaml", "start: run\n")
    await spot.desk.write("new", "now")
    spot.desk.overrides = Overrides()
    await spot.keep()
    planned = await spot.restorer.plan(await spot.wish(seq))
    assert any("settings that come back" in left.reason for left in planned.plan.left)
    assert not (await spot.restore(seq)).incomplete
    assert (spot.folder / "big/x").read_text() == "made then, and never kept"
    assert not (spot.folder / "new").exists()
