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


def test_no_verb_is_named_that_does_not_exist() -> None:
    named = re.findall(r"(?:`|scripts/)slipway ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", README)
    for verb, below in named:
        assert verb in cli.commands, f"README.md names `slipway {verb}`"
        group = cli.commands[verb]
        if isinstance(group, click.Group) and below:
            assert below in group.commands, f"README.md names `slipway {verb} {below}`"


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


@pytest.mark.parametrize("verb", sorted(cli.commands))
def test_every_verb_can_be_quiet_and_its_examples_are_of_it(verb: str) -> None:
    for command in _leaves(cli.commands[verb]):
        assert any("--quiet" in option.opts for option in command.params), f"{command.name} has no --quiet"
        examples = (command.help or "").partition("Examples:")[2]
        said = re.findall(r"^ *(?:.*\| )?slipway ([a-z-]+)", examples, re.MULTILINE)
        assert said, f"{verb} {command.name} --help has no example of itself"
        assert set(said) <= cli.commands.keys(), f"{verb} --help names another verb: {said}"


def _leaves(command: click.Command) -> list[click.Command]:
    return list(command.commands.values()) if isinstance(command, click.Group) else [command]
