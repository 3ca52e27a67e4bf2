"""The README cannot drift: every setting, verb, scope and exit code stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from monitor import errors
from monitor.cli.command import EXIT_CODES, cli
from monitor.cli.up import up
from monitor.settings import PREFIX, Settings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SETTINGS = [name.upper() if name == "docker_host" else PREFIX + name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained(name: str) -> None:
    assert re.search(rf"`{name}\b", README), f"README.md does not name {name}"


def test_no_setting_is_named_that_does_not_exist() -> None:
    others = {"SLIPWAY_BASE", "SLIPWAY_REQUIRE", "SLIPWAY_KEEP_DOCKER"}
    named = set(re.findall(r"\bSLIPWAY_[A-Z0-9_]*[A-Z0-9]\b", README))
    assert named - set(SETTINGS) - others == set()


def test_every_setting_has_a_flag() -> None:
    flags = {option.name for option in up.params}
    assert set(Settings.model_fields) <= flags


@pytest.mark.parametrize("verb", sorted(cli.commands))
def test_every_verb_is_in_the_readme_and_has_examples(verb: str) -> None:
    assert re.search(rf"(slipway |`){verb}\b", README), f"README.md does not name `slipway {verb}`"
    for command in _leaves(cli.commands[verb]):
        assert "Examples:" in (command.help or ""), f"{command.name} --help has no examples"


@pytest.mark.parametrize("verb", sorted(set(cli.commands) - {"up"}))
def test_every_verb_takes_json(verb: str) -> None:
    for command in _leaves(cli.commands[verb]):
        assert "as_json" in {option.name for option in command.params}, f"{command.name} has no --json"


def test_every_exit_code_is_told() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.SlipwayError)]
    told = dict(re.findall(r"(\d) ([a-z ]+)", EXIT_CODES))
    assert {"0", *(str(kind.exit_code) for kind in kinds)} == told.keys()
    for code, word in told.items():
        assert re.search(rf"\b{code}\W+{word}\b", README), f"README.md does not say that {code} is {word}"


def _leaves(command: click.Command) -> list[click.Command]:
    return list(command.commands.values()) if isinstance(command, click.Group) else [command]
