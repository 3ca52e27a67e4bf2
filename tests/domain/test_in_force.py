"""Settings in force: each with the place it comes from, secrets hidden."""

from __future__ import annotations

from monitor.domain.config import WorkspaceConfig, parse_config
from monitor.domain.detection import detect
from monitor.domain.in_force import Setting, in_force
from monitor.domain.tree import Entry, Kind, Tree

PACKAGE = '{"scripts": {"start": "node s.js"}, "engines": {"node": ">=20"}}'


def _settings(config: str = "") -> dict[str, Setting]:
    paths = {"package.json": PACKAGE, "s.js": "x", "package-lock.json": "{}"}
    tree = Tree({path: Entry(path, Kind.FILE, len(text)) for path, text in paths.items()})
    parsed = parse_config(config)
    return {one.key: one for one in in_force("shop", detect(tree, paths, parsed), parsed)}


def test_a_person_wins_over_detection_and_that_over_defaults() -> None:
    found = _settings("start: node other.js\nresources:\n  memory: 256m\n")
    assert (found["start"].value, found["start"].origin) == ("node other.js", "slipway.yaml")
    assert (found["version"].value, found["version"].origin) == (">=20", "detected")
    assert found["version"].why == "package.json says so"
    assert (found["resources.memory"].value, found["resources.memory"].origin) == (256 * 1024**2, "slipway.yaml")
    assert (found["resources.cpus"].value, found["resources.cpus"].origin) == (2.0, "default")
    assert found["host"].value is None


def test_variables_are_listed_one_by_one_and_secret_ones_hidden() -> None:
    found = _settings("env:\n  API_TOKEN: hunter2hunter2\n  COLOUR: blue\n")
    assert (found["env.COLOUR"].value, found["env.COLOUR"].origin) == ("blue", "slipway.yaml")
    assert found["env.API_TOKEN"].value == "[hidden]"
    assert (found["env.BASE_PATH"].value, found["env.BASE_PATH"].origin) == ("/shop", "default")


def test_everything_that_can_be_said_is_there() -> None:
    keys = {key.partition(".")[0] for key in _settings("env:\n  A: b\n")}
    assert keys == set(WorkspaceConfig.model_fields)
