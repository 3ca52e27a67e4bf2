"""`--data` of commands about what was kept: alone the data volume, not the source; with a folder the monitor's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.settings import PREFIX

Command = TypeVar("Command", bound=Callable[..., Any])

_ALONE = "\0volume"


def data_or_folder(command: Command) -> Command:
    """Gives `command` two values: `data`, the monitor's folder or None, and `volume`, whether it stood alone."""

    @wraps(command)
    def told(*args: Any, data: Sequence[str], **how: Any) -> Any:
        folders = [Path(one) for one in data if one != _ALONE]
        return command(*args, data=folders[-1] if folders else None, volume=_ALONE in data, **how)

    option = click.option(
        "--data",
        multiple=True,
        is_flag=False,
        flag_value=_ALONE,
        metavar="[FOLDER]",
        help=f"Alone, after NAME: the data volume. With FOLDER: the monitor's own [{PREFIX}DATA, .slipway].",
    )
    return option(told)  # type: ignore[return-value]
