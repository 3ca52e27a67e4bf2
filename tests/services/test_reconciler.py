"""The reconciler with its keepers: what is dropped runs, what is deleted goes, and rest means no writes at all."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.fake_stage import Part, Stage
from monitor.domain.workspace import Intent, Phase
from monitor.errors import SlipwayError
from tests.services.world import world
from tests.support.waiting import until

PYTHON = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}


async def test_a_dropped_folder_serves_and_a_deleted_one_leaves_nothing(tmp_path: Path):
    async with world(tmp_path) as w:
        folder = w.drop("My Site")
        state = await w.phase("my-site", "serving")
        assert (state.type, state.folder, w.running("my-site")) == ("static", "My Site", [1])
        assert w.kept == ["my-site"] * len(w.kept)
        assert w.kept
        shutil.rmtree(folder)
        w.watch.say()
        await w.gone("my-site")
        assert w.running("my-site") == []
        assert "forget my-site" in w.writes()


async def test_what_is_new_is_under_way_until_it_was_looked_at(tmp_path: Path):
    """Whoever visits it meanwhile is asked to wait, not told that nobody knows how to run it."""
    async with world(tmp_path) as w:
        seen: list[str] = []
        w.registry.on_change(lambda: seen.extend(state.changing for state in [w.state("notes")] if state))
        w.drop("notes", {"README.md": "# Notes"})
        await until(lambda: seen and not seen[-1])
        assert seen[0] == "a new folder; waiting until it is quiet"
        assert (await w.phase("notes", "detected")).changing == ""


async def test_a_renamed_folder_is_known_as_the_same_and_runs_under_its_new_name(tmp_path: Path):
    async with world(tmp_path) as w:
        folder = w.drop("old")
        await w.phase("old", "serving")
        folder.rename(w.root / "new")
        w.watch.say()
        await w.phase("new", "serving")
        await w.gone("old")
        assert w.renamed == [("new", "old")]


async def test_a_second_look_writes_nothing(tmp_path: Path):
    async with world(tmp_path) as w:
        w.drop("a")
        w.drop("b", PYTHON)
        await w.phase("a", "serving")
        await w.phase("b", "serving")
        await w.rest()
        writes, published, seq = len(w.writes()), w.router.writes, w.registry.seq
        for _ in range(3):
            w.watch.say("a", "b", "")
            for keeper in w.reconciler.keepers.values():
                keeper.poke()
            await w.rest()
        assert (len(w.writes()), w.router.writes, w.registry.seq) == (writes, published, seq)


async def test_hints_lost_doubled_and_reordered_end_in_the_same_state(tmp_path: Path):
    chance = random.Random(7)
    async with world(tmp_path, scan_s=0.3) as w:
        folders = [w.drop(f"w{n}") for n in range(6)]
        for _ in range(20):
            folder = chance.choice(folders)
            if folder.exists() and chance.random() < 0.4:
                shutil.rmtree(folder)
            else:
                folder.mkdir(exist_ok=True)
                (folder / "index.html").write_text(str(chance.random()))
            if chance.random() < 0.5:
                w.watch.say(*chance.choices([f.name for f in folders], k=3))
        there = {f.name for f in folders if f.exists()}
        assert there, "the chosen seed leaves something"
        for name in there:
            await w.phase(name, "serving")
        for name in {f.name for f in folders} - there:
            await w.gone(name)
        await until(lambda: all(len(w.running(n)) == 1 for n in there), what="one instance of each")


async def test_stopped_on_purpose_survives_a_new_monitor_and_what_runs_is_adopted(tmp_path: Path):
    stage = Stage(SystemClock())
    async with world(tmp_path, stage=stage) as w:
        w.drop("kept")
        w.drop("stopped")
        await w.phase("kept", "serving")
        await w.phase("stopped", "serving")
        w.desk.stop("stopped")
        await w.phase("stopped", "stopped")
    before = [c for c in stage.calls if c.startswith("start ")]
    async with world(tmp_path, stage=stage) as w:
        await w.phase("kept", "serving")
        await w.phase("stopped", "stopped")
        assert [c for c in stage.calls if c.startswith("start ")] == before
        assert w.running("stopped") == []
        w.desk.start("stopped")
        await w.phase("stopped", "serving")


async def test_a_folder_deleted_while_the_monitor_was_down_is_cleaned_up(tmp_path: Path):
    stage = Stage(SystemClock())
    async with world(tmp_path, stage=stage) as w:
        folder = w.drop("old")
        w.drop("other")
        await w.phase("old", "serving")
        await w.phase("other", "serving")
    shutil.rmtree(folder)
    async with world(tmp_path, stage=stage) as w:
        await w.phase("other", "serving")
        await until(lambda: w.running("old") == [], what="the leftover to be removed")
        await w.gone("old")


async def test_an_edit_is_applied_and_one_made_while_down_is_applied_later(tmp_path: Path):
    stage = Stage(SystemClock())
    async with world(tmp_path, stage=stage) as w:
        folder = w.drop("api", PYTHON)
        await w.phase("api", "serving")
        (folder / "app.py").write_text(PYTHON["app.py"] + "# edited\n")
        w.watch.say("api")
        await until(lambda: "apply api" in w.writes(), what="the edit to be applied")
        await w.rest()
    (folder / "app.py").write_text(PYTHON["app.py"] + "# edited while down\n")
    async with world(tmp_path, stage=stage) as w:
        await until(lambda: w.writes().count("apply api") == 2, what="the second edit to be applied")
        await w.phase("api", "serving")
        assert w.running("api") == [1]


async def test_a_changed_lock_file_makes_a_new_generation_and_the_old_one_goes_last(tmp_path: Path):
    async with world(tmp_path) as w:
        folder = w.drop("api", PYTHON)
        await w.phase("api", "serving")
        (folder / "requirements.txt").write_text("flask\nrequests\n")
        w.watch.say("api")
        await until(lambda: w.running("api") == [2], what="generation 2 alone")
        writes = w.writes()
        assert writes.index("stop api") > [i for i, c in enumerate(writes) if c == "start api"][1]


async def test_a_crash_is_shown_with_its_evidence_and_others_are_not_delayed(tmp_path: Path):
    crash = Part(exit_code=3, exit_reason="exit code 3", log=("boom",))
    async with world(tmp_path, play=lambda spec, _: crash if spec.workspace == "bad" else Part()) as w:
        w.drop("bad", PYTHON)
        w.drop("good")
        await w.phase("good", "serving")
        state = await w.phase("bad", "failed")
        assert state.failure is not None
        assert (state.failure.reason, state.failure.exit_code, state.failure.log) == ("exit code 3", 3, ("boom",))
        assert state.failure.retry_at is not None
        assert w.running("bad") == []


async def test_a_failing_install_is_told_with_its_tail_and_tried_again_when_asked(tmp_path: Path):
    fails = Part(install_fails=("no matching distribution",))
    async with world(tmp_path, play=lambda *_: fails) as w:
        w.drop("bad", PYTHON)
        state = await w.phase("bad", "failed")
        assert state.failure is not None
        assert state.failure.log == ("no matching distribution",)
        tries = w.writes().count("prepare bad")
        w.desk.start("bad")
        await until(lambda: w.writes().count("prepare bad") > tries, what="another try")


async def test_restart_replaces_what_runs(tmp_path: Path):
    async with world(tmp_path) as w:
        w.drop("a")
        await w.phase("a", "serving")
        w.desk.restart("a")
        await until(lambda: w.writes().count("start a") == 2, what="a second start")
        await w.phase("a", "serving")
        assert len(w.running("a")) == 1


async def test_a_restart_that_does_not_come_up_leaves_the_earlier_one_serving_and_says_so(tmp_path: Path):
    crash = Part(exit_code=3, exit_reason="exit code 3", log=("boom",))
    plays = [Part(), crash]
    async with world(tmp_path, play=lambda *_: plays.pop(0)) as w:
        w.drop("a")
        await w.phase("a", "serving")
        w.desk.restart("a")
        with pytest.raises(SlipwayError, match=r"the earlier one of 'a' goes on serving.*exit code 3"):
            await w.desk.until("a", {Phase.SERVING}, 20, lambda _: None, anew=True)
        assert w.running("a") == [1]
        assert w.seen("a").failure is not None


async def test_broken_settings_leave_what_runs(tmp_path: Path):
    async with world(tmp_path) as w:
        folder = w.drop("a")
        await w.phase("a", "serving")
        (folder / "slipway.yaml").write_text("prot: 3\n")
        w.watch.say("a")
        await until(lambda: "line 1" in w.seen("a").reason, what="the place of the mistake")
        assert w.running("a") == [1]
        (folder / "slipway.yaml").unlink()
        w.watch.say("a")
        await until(lambda: "line 1" not in w.seen("a").reason, what="recovery")


@pytest.mark.parametrize("how", ["empty", "missing", "swapped"])
async def test_a_root_that_cannot_be_believed_changes_nothing(tmp_path: Path, how: str):
    async with world(tmp_path, scan_s=0.2) as w:
        for name in ("a", "b"):
            w.drop(name)
            await w.phase(name, "serving")
        aside = tmp_path / "aside"
        if how == "empty":
            for name in ("a", "b"):
                (w.root / name).rename(aside.with_name(f"aside-{name}"))
        else:
            w.root.rename(aside)
            if how == "swapped":
                w.root.mkdir()
        w.watch.say()
        await until(lambda: "root" in w.registry.banners, what="a banner")
        assert (w.running("a"), w.running("b")) == ([1], [1])
        if how == "empty":
            for name in ("a", "b"):
                aside.with_name(f"aside-{name}").rename(w.root / name)
        else:
            if how == "swapped":
                w.root.rmdir()
            aside.rename(w.root)
        await until(lambda: "root" not in w.registry.banners, what="the banner to go")
        await w.phase("a", "serving")


async def test_names_that_collide_are_listed_with_the_reason(tmp_path: Path):
    async with world(tmp_path) as w:
        w.drop("shop")
        await w.phase("shop", "serving")
        w.drop("Shop")
        w.drop("monitor")
        w.drop("\U0001f600")
        await until(lambda: len(w.registry.unnamed) == 3, what="three folders without a name")
        reasons = {u.folder: u.reason for u in w.registry.unnamed}
        assert "older folder 'shop'" in reasons["Shop"]
        assert "reserved" in reasons["monitor"]
        assert list(w.reconciler.keepers) == ["shop"]


async def test_an_engine_that_goes_away_is_told_and_comes_back(tmp_path: Path):
    async with world(tmp_path, scan_s=0.2) as w:
        w.drop("a")
        await w.phase("a", "serving")
        w.stage.cut()
        await until(lambda: "engine" in w.registry.banners, what="a banner")
        w.drop("b")
        w.stage.away = False
        await until(lambda: "engine" not in w.registry.banners, what="the banner to go")
        await w.phase("b", "serving", timeout=15)
        assert w.running("a") == [1]


async def test_a_stop_breaks_off_a_start_that_takes_long(tmp_path: Path):
    async with world(tmp_path, play=lambda *_: Part(ready_after_s=None)) as w:
        w.drop("slow")
        await until(lambda: w.running("slow") == [1], what="the start")
        w.desk.stop("slow")
        await w.phase("slow", "stopped", timeout=5)
        assert w.running("slow") == []
        assert w.desk.intents.of("slow") is Intent.STOP
