"""Where a backup command is carried out: by the running monitor, or here on the data folder opened for the while."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

from monitor.cli.client import Client
from monitor.cli.progress import Telling
from monitor.cli.verbs import wait
from monitor.errors import UsageError
from monitor.settings import Settings


def runs(where: Settings) -> bool:
    """Whether a monitor holds the data folder; then it is asked, since nobody else may touch the store."""
    from monitor.app.offline import is_held

    return is_held(where.data)


def job(where: Settings, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    """What came of it; what is no long work is answered at once, without a job."""
    client = Client(where.data)
    asked = client.ask(method, path, {key: value for key, value in body.items() if value is not None})
    return dict(wait(client, asked)["result"] if {"id", "state", "progress"} <= asked.keys() else asked)


def offline(
    where: Settings, call: str | Callable[..., Awaitable[Any]], *args: Any, doing: str = "", **how: Any
) -> Any:
    """`call` (one of `backing_up`'s functions by name) here and now; what takes long is told of as `doing`."""
    from monitor.app import backing_up
    from monitor.app.offline import run as run_until_done

    work: Callable[..., Awaitable[Any]] = getattr(backing_up, call) if isinstance(call, str) else call
    if not doing:
        return run_until_done(work(where, *args, **how))
    with Telling(doing) as tell:
        return run_until_done(work(where, *args, tell=tell, **how))


def ask(question: str) -> None:
    """Raises unless a person says yes; never asks where nobody could answer."""
    if not sys.stdin.isatty():
        raise UsageError(f"this needs a yes, and nobody is there to say it: {question}", hint="add --yes")
    click.confirm(question, abort=True, err=True)
