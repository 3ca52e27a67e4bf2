"""Docker's events as hints: which workspace something happened to."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import requests

from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.streams import Cut, Follower
from monitor.domain import labels
from monitor.ports.engine import EngineAway

_KINDS = ("start", "die", "oom", "kill", "stop", "destroy", "health_status")
"""Without `exec_*`: every health probe is three of those."""
_ROLES = frozenset({labels.ROLE_APP, labels.ROLE_PART})
_SILENCE_S = 30.0
_CONNECT_S = 5.0


async def hints(client: DockerClient, install_id: str) -> AsyncGenerator[str]:
    """Workspace names until the stream breaks: it then ends or raises `EngineAway`; list before listening again."""

    def read(cut: Cut) -> Iterator[str]:
        return _read(client, install_id, cut)

    async with aclosing(Follower(read, "docker-events").items()) as names:
        async for name in names:
            yield name


def _read(client: DockerClient, install_id: str, cut: Cut) -> Iterator[str]:
    """One connection after the other: silence is no break as long as the daemon answers when asked."""
    while not cut.done:
        try:
            yield from _names(cut.hold(_opened(client, install_id)))
            return
        except requests.RequestException as error:
            if not _silence(error):
                return
        _still_there(client)


def _opened(client: DockerClient, install_id: str) -> requests.Response:
    api = client.api()
    filters = {"type": ["container"], "event": list(_KINDS), "label": [f"{labels.INSTALL_ID}={install_id}"]}
    url = f"{api.base_url}/v{api.api_version}/events"
    try:
        response = api.get(
            url, params={"filters": json.dumps(filters)}, stream=True, timeout=(_CONNECT_S, _SILENCE_S)
        )
        response.raise_for_status()
    except requests.RequestException as error:
        raise EngineAway(
            f"Docker does not tell its events ({type(error).__name__})", hint="is it running?"
        ) from error
    return response


def _names(response: requests.Response) -> Iterator[str]:
    with response:
        for line in response.iter_lines(chunk_size=None):
            if name := _workspace(line):
                yield name


def _workspace(line: bytes) -> str:
    try:
        attributes = json.loads(line)["Actor"]["Attributes"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(attributes.get(labels.WORKSPACE, "")) if attributes.get(labels.ROLE) in _ROLES else ""


def _silence(error: requests.RequestException) -> bool:
    """requests reports a read time-out in the body as a connection error."""
    return isinstance(error, requests.ReadTimeout) or "timed out" in str(error).lower()


def _still_there(client: DockerClient) -> None:
    try:
        client.api().get(f"{client.api().base_url}/_ping", timeout=(_CONNECT_S, _CONNECT_S)).raise_for_status()
    except requests.RequestException as error:
        raise EngineAway(f"Docker fell silent ({type(error).__name__})", hint="is its daemon hung?") from error
