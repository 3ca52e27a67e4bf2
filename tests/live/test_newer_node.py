"""A package that wants a newer Node gets one from npm after the install; what runs on the one here is left alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "runtimes/shared/slipway-node"


def brought(folder: Path, engines: dict[str, str]) -> str:
    """What npm was asked for, by an npm that only notes it."""
    real = Path(shutil.which("npm") or "/nowhere").resolve()
    semver = next(
        (p for p in (real.parents[1] / "node_modules", Path("/usr/share/nodejs")) if (p / "semver").is_dir()), None
    )
    if semver is None:
        pytest.skip("there is no npm here")
    tools, app = folder / "tools", folder / "app"
    tools.mkdir()
    (tools / "node_modules").symlink_to(semver)
    (tools / "npm").write_text(f'#!/bin/sh\necho "$*" > {folder}/asked\n')
    (tools / "npm").chmod(0o755)
    (app / "packages/web").mkdir(parents=True)
    (app / "package.json").write_text("{}")
    (app / "packages/web/package.json").write_text(json.dumps({"dependencies": dict.fromkeys(engines, "*")}))
    for name, node in engines.items():
        (app / "node_modules" / name).mkdir(parents=True)
        (app / "node_modules" / name / "package.json").write_text(
            json.dumps({"name": name, "engines": {"node": node}})
        )
    path = f"{tools}:{Path(shutil.which('node') or '').parent}:/usr/bin:/bin"
    subprocess.run([SCRIPT], cwd=app, env={"PATH": path}, check=True, timeout=30)
    return (folder / "asked").read_text() if (folder / "asked").exists() else ""


def test_the_newest_line_that_most_want_is_brought(tmp_path: Path) -> None:
    asked = brought(tmp_path, {"one": ">=26.1", "two": ">=26", "old": ">=14", "@three/four": ">=24"})
    assert "--prefix .slipway/tools node-linux-" in asked
    assert asked.strip().endswith("@26")


def test_nothing_is_brought_where_it_runs_or_none_would_do(tmp_path: Path) -> None:
    assert brought(tmp_path, {"one": ">=14", "two": "<10", "three": ">=900"}) == ""
