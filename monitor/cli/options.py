"""Options that several commands share; the flags for settings are made from the settings, so none can be missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
from pydantic.fields import FieldInfo

from monitor.settings import PREFIX, Settings, load

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON, in the API's shapes.")
data_folder = click.option(
    "--data", type=click.Path(path_type=Path), help=f"The monitor's data folder [{PREFIX}DATA, .slipway]."
)


def base() -> Path:
    """The folder relative settings are relative to: the clone, or where we are."""
    return Path(os.environ.get("SLIPWAY_BASE") or Path.cwd())


def settings(flags: dict[str, Any] | None = None) -> Settings:
    """The settings in force; raises `UsageError`."""
    return load(flags, base=base())


def every_setting(command: Command) -> Command:
    """Give a command a flag for each setting."""
    for name, field in reversed(Settings.model_fields.items()):
        command = _flag(name, field)(command)
    return command


def _flag(name: str, field: FieldInfo) -> Callable[[Command], Command]:
    words, text = name.replace("_", "-"), f"{field.description} [{_variable(name)}{_default(field)}]"
    if field.annotation is bool:
        return click.option(f"--{words}/--no-{words}", name, default=None, help=text)
    choices = [c for c in get_args(field.annotation) if isinstance(c, str)]
    kind = click.Choice(choices) if choices else click.STRING
    return click.option(f"--{words}", name, type=kind, default=None, metavar=None if choices else "VALUE", help=text)


def _variable(name: str) -> str:
    return name.upper() if name == "docker_host" else PREFIX + name.upper()


def _default(field: FieldInfo) -> str:
    secret = hasattr(field.default, "get_secret_value")
    return "" if secret or field.default in (None, "", False) else f", {field.default}"
