"""Setup, build and install, and where the app's data lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.entrypoint.conftest import Make

pytestmark = pytest.mark.live


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_setup_and_build_run_in_the_app_with_a_clean_view_and_are_not_the_apps_writing(make: Make) -> None:
    instance = make(
        SLIPWAY_SETUP="echo setup > order; env > seen",
        SLIPWAY_BUILD="mkdir -p out && cat order > out/built",
        SLIPWAY_CACHE="/nonexistent",
    )
    (instance.source / "in").write_text("x")
    instance.list_files("d1")
    instance.start_ready()
    seen = (instance.app / "seen").read_text()
    assert (instance.app / "out" / "built").read_text() == "setup\n"
    assert f"PATH={instance.app}/.venv/bin:{instance.app}/node_modules/.bin:" in seen
    ours = {line.partition("=")[0] for line in seen.splitlines() if line.startswith("SLIPWAY_")}
    assert ours <= {"SLIPWAY_SHARED"}, "of our own names, a command sees only where our helpers are"
    assert instance.ask("status")["written"] == []
    assert (instance.tmp / "home").is_dir()


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
@pytest.mark.parametrize("step", ["SLIPWAY_SETUP", "SLIPWAY_BUILD", "SLIPWAY_START"])
def test_a_failing_command_ends_with_its_code(make: Make, step: str, command: str, code: int) -> None:
    instance = make(**{step: f"echo its last words; {command}"})
    instance.start()
    assert instance.code() == code
    assert "its last words" in instance.said()
    assert not instance.mark.exists()


def test_install_copies_the_manifests_runs_and_ends_with_the_commands_code(make: Make) -> None:
    instance = make(SLIPWAY_INSTALL="cat manifest > installed; exit 3")
    (instance.source / "manifest").write_text("deps")
    (instance.source / "other").write_text("x")
    instance.list_files("", ["manifest"])
    assert instance.run_verb("install").returncode == 3
    assert names(instance.app) == {"manifest", "installed"}


def test_caches_are_used_only_where_there_is_a_cache_folder(make: Make, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    instance = make(SLIPWAY_CACHE=str(cache), SLIPWAY_SETUP="echo $PIP_CACHE_DIR $npm_config_cache > seen")
    instance.start_ready()
    assert (instance.app / "seen").read_text().split() == [f"{cache}/pip", f"{cache}/npm"]


def test_data_is_seeded_once_linked_and_never_overwritten(make: Make) -> None:
    instance = make(SLIPWAY_DATA_PATHS="storage\napp.sqlite3\nuploads/\nsub/cache")
    (instance.source / "storage").mkdir()
    (instance.source / "storage" / "seed").write_text("from the source")
    instance.list_files("d1")
    instance.start_ready()
    assert (instance.app / "storage" / "seed").read_text() == "from the source"
    (instance.app / "storage" / "seed").write_text("changed by the app")
    (instance.app / "app.sqlite3").write_text("database")
    (instance.app / "uploads" / "photo").write_text("photo")
    (instance.app / "sub" / "cache" / "x").write_text("x")

    (instance.source / "storage" / "seed").write_text("edited")
    instance.list_files("d2")
    assert instance.ask("sync")["ok"]
    assert names(instance.data) == {"storage/seed", "app.sqlite3", "uploads/photo", "sub/cache/x"}
    assert (instance.data / "storage" / "seed").read_text() == "changed by the app"
    assert instance.ask("status")["written"] == []

    (instance.source / "storage" / "seed").unlink()
    instance.list_files("d3")
    assert instance.ask("sync")["ok"]
    assert (instance.data / "storage" / "seed").exists()

    instance.terminate()
    (instance.source / "storage" / "seed").write_text("another start")
    instance.list_files("d4")
    instance.start_ready()
    assert (instance.app / "storage" / "seed").read_text() == "changed by the app"
    assert (instance.app / "app.sqlite3").read_text() == "database"


def test_a_data_path_that_leads_out_is_refused(make: Make) -> None:
    instance = make(SLIPWAY_DATA_PATHS="../source")
    instance.start()
    assert instance.code() == 2
