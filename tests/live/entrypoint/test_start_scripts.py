"""Start scripts: run as npm would, without npm, where that is the same."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.live.entrypoint.conftest import Make
from tests.support.host_instance import SERVE

pytestmark = [pytest.mark.live, pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here")]


def package(**scripts: str) -> str:
    return json.dumps({"name": "shop", "version": "1.2.3", "scripts": scripts})


KEYS = ("INIT_CWD", "MODE", "npm_command", "npm_lifecycle_event", "npm_package_name", "npm_package_version")


@pytest.mark.parametrize("own", [False, True], ids=["directly", "by npm itself"])
def test_a_plain_script_runs_without_the_manager_in_its_folder_and_knows_the_same(make: Make, own: bool) -> None:
    instance = make(SLIPWAY_START="cd web || exit 1; export MODE=x; npm start")
    (instance.source / "web").mkdir()
    more = {"prestart": "true"} if own else {}
    (instance.source / "web/package.json").write_text(package(start=f"env > seen; tool >> seen; {SERVE}", **more))
    instance.list_files("d1")
    tool = instance.app / "web/node_modules/.bin/tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho a tool\n")
    tool.chmod(0o755)
    instance.start_ready()
    lines = (instance.app / "web/seen").read_text().splitlines()
    seen = dict(line.split("=", 1) for line in lines if "=" in line)
    assert [seen[key] for key in KEYS] == [f"{instance.app}/web", "x", "start", "start", "shop", "1.2.3"]
    assert lines[-1] == "a tool"
    assert ("> shop@1.2.3 start" in instance.said()) is own


@pytest.mark.parametrize(
    ("scripts", "npmrc"),
    [
        ({"start": "./serve", "prestart": "true"}, None),
        ({"start": 'test -n "$npm_execpath" && ./serve'}, None),
        ({"start": "./serve"}, "loglevel=info\n"),
    ],
    ids=["pre script", "asks for npm", "settings"],
)
def test_what_needs_the_manager_is_left_to_it(make: Make, scripts: dict[str, str], npmrc: str | None) -> None:
    instance = make(SLIPWAY_START="npm start")
    (instance.source / "package.json").write_text(package(**scripts))
    (instance.source / "serve").write_text(f"#!/bin/sh\n{SERVE}\n")
    (instance.source / "serve").chmod(0o755)
    if npmrc:
        (instance.source / ".npmrc").write_text(npmrc)
    instance.list_files("d1")
    instance.start_ready()
    assert "> shop@1.2.3 start" in instance.said()


def test_a_script_that_is_not_there_is_npms_to_complain_of(make: Make) -> None:
    instance = make(SLIPWAY_START="npm start")
    (instance.source / "package.json").write_text(package(build="true"))
    instance.list_files("d1")
    assert instance.start().code() != 0
    assert "Missing script" in instance.said()
