"""Run a verb of the entrypoint inside a running container and read its one line of JSON."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.rendering import Json
from monitor.adapters.docker_engine.streams import Cut, frames
from monitor.ports.engine import LaunchFailed

_ENTRYPOINT = "slipway-entrypoint"
_CONNECT_S = 10.0
_MOST = 1 << 20
_STDOUT = 1


async def ask_inside(client: DockerClient, container: str, verb: str, timeout_s: float) -> Json:
    """The JSON line `slipway-entrypoint VERB` prints in `container`.

    Raises `LaunchFailed` where it is not running, prints something else or takes longer than `timeout_s`;
    `EngineAway`.
    """
    cut = Cut()
    try:
        raw = await client.work(lambda api: _execute(api, container, verb, timeout_s, cut))
    except asyncio.CancelledError:
        cut.now()
        raise
    except (Gone, Declined) as error:
        raise LaunchFailed(
            f"the instance cannot be asked: {error.message}", hint="it is about to be restarted"
        ) from error
    return _parsed(raw, verb)


def _execute(api: APIClient, container: str, verb: str, timeout_s: float, cut: Cut) -> bytes:
    made: Json = api.exec_create(container, [_ENTRYPOINT, verb], stdout=True, stderr=False)
    url = f"{api.base_url}/v{api.api_version}/exec/{made['Id']}/start"
    body = {"Detach": False, "Tty": False}
    with api.post(url, json=body, stream=True, timeout=(_CONNECT_S, timeout_s)) as response:
        if response.status_code >= requests.codes.bad_request:
            raise APIError(response.text, response=response, explanation=response.text)
        cut.hold(response)
        try:
            return _bounded(response)
        except (requests.Timeout, TimeoutError) as error:
            raise LaunchFailed(f"the instance did not answer '{verb}' within {timeout_s:g} s") from error


def _bounded(response: requests.Response) -> bytes:
    said = b""
    for piece in frames(response, _STDOUT):
        said += piece
        if len(said) > _MOST:
            break
    return said[:_MOST]


def _parsed(raw: bytes, verb: str) -> Json:
    try:
        answer: Any = json.loads(raw.strip().rpartition(b"\n")[2])
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise LaunchFailed(f"the instance gave no answer to '{verb}'", hint="its log says more")
    return answer
