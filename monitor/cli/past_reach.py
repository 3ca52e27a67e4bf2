"""Where a command about what was kept is carried out: by the running monitor, or on the data folder opened here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from monitor.cli.backup_reach import job, offline, runs
from monitor.cli.client import Client, segment
from monitor.settings import Settings


def path_of(name: str, *parts: str) -> str:
    """`/api/workspaces/shop/snapshots/first`."""
    return "/".join(("/api/workspaces", segment(name), *map(segment, parts)))


def stream(name: str, volume: bool) -> str:
    """What a call on the data folder is told: the workspace, or its data volume's own stream."""
    from monitor.domain.streams import data_of

    return data_of(name) if volume else name


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """The path with what is not None, false or empty."""
    said = {key: "true" if value is True else value for key, value in query.items() if value}
    return f"{path}?{urlencode(said, errors='surrogateescape')}" if said else path


def looked(where: Settings, path: str, call: str, /, *args: Any, **how: Any) -> dict[str, Any]:
    """What `GET path` answers; without a monitor, what `Reading.call` does."""
    if runs(where):
        return dict(Client(where.data).get(path))
    from monitor.app.past import look

    return dict(offline(where, look, call, *args, doing="opening the store", **how))


def acted(
    where: Settings, method: str, path: str, body: dict[str, Any], call: str, /, *args: Any, **how: Any
) -> dict[str, Any]:
    """What `method path` answers, a job waited for; without a monitor, what `Acting.call` does."""
    if runs(where):
        return job(where, path, body, method)
    from monitor.app.past import act

    return dict(offline(where, act, call, *args, doing=str(args[0]), **how))
