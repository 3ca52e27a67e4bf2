"""What every command gets without asking for it: `--quiet`, and workspaces' names completed by the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from monitor.cli.talk import hush
from monitor.errors import SlipwayError

NO_WORKSPACE = frozenset({"backup", "token", "completion"})


class WorkspaceName(click.ParamType[str]):
    """A workspace's name; the running monitor knows which there are."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names that begin so; none where no monitor answers."""
        # Imported here: a shell asks at every Tab.
        from monitor.cli.options import settings

        try:
            folder = settings({"data": ctx.params.get("data")}).data
        except SlipwayError:
            return []
        return [CompletionItem(name, help=phase) for name, phase in _names(folder) if name.startswith(incomplete)]


def everywhere(command: click.Command, *, workspaces: bool = True) -> click.Command:
    """Give a command, and all below it, what every command has."""
    workspaces = workspaces and command.name not in NO_WORKSPACE
    if isinstance(command, click.Group):
        for below in command.commands.values():
            everywhere(below, workspaces=workspaces)
        return command
    if not any("--quiet" in param.opts for param in command.params):
        command.params.append(quiet())
    for param in command.params:
        if workspaces and isinstance(param, click.Argument) and param.name == "name" and param.type is click.STRING:
            param.type = WorkspaceName()
    return command


def quiet() -> click.Option:
    """Says nothing but what was asked for, and errors."""
    return click.Option(
        ["-q", "--quiet"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_hushed,
        help="No progress, no remarks: only what was asked for, and errors.",
    )


def _hushed(_context: click.Context, _param: click.Parameter, value: Any) -> None:
    if value:
        hush()


def _names(folder: Path) -> list[tuple[str, str]]:
    from monitor.cli.client import Client

    try:
        items = Client(folder).get("/api/workspaces")["items"]
    except (SlipwayError, OSError):
        return []
    return [(str(one["name"]), str(one["phase"])) for one in items]
