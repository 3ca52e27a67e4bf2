"""Where a backup command is carried out: by the running monitor, or here on the data folder opened for the while."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

from monitor.cli.client import Client
from monitor.cli.verbs import Telling, wait
from monitor.errors import UsageError
from monitor.settings import Settings


def runs(where: Settings) -> bool:
    """Whether a monitor holds the data folder; then it is asked, since nobody else may touch the store."""
    from monitor.app.offline import is_held

    return is_held(where.data)


def job(where: Settings, path: str, body: dict[str, Any]) -> dict[str, Any]:
    client = Client(where.data)
    done = wait(client, client.post(path, {key: value for key, value in body.items() if value is not None}))
    return dict(done["result"])


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

        def telling(text: str, done: int | None = None, total: int | None = None) -> None:
            # On a terminal the line lives; elsewhere each new sentence is a line of its own.
            tell(f"{text}: {done} of {total}" if total and sys.stderr.isatty() else text)

        return run_until_done(work(where, *args, tell=telling, **how))


def ask(question: str) -> None:
    """Raises unless a person says yes; never asks where nobody could answer."""
    if not sys.stdin.isatty():
        raise UsageError("this needs a yes", hint="add --yes")
    click.confirm(question, abort=True, err=True)
