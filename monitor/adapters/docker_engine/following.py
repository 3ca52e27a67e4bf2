"""One container watched to its end: what it prints, while it prints it, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.evidence import state_of
from monitor.adapters.docker_engine.rendering import Json
from monitor.adapters.docker_engine.streams import Cut, Follower, frames
from monitor.domain.instance import Running
from monitor.ports.clock import Clock

_CONNECT_S = 10
_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.5


async def ended(containers: Containers, clock: Clock, container: str) -> Json:
    """The container as inspected once it does not run any more. Raises `Gone`, `EngineAway`."""
    pause = _PAUSE_S
    while True:
        inspected = await containers.inspect(container)
        if state_of(inspected["State"]["Status"]) is Running.EXITED:
            return inspected
        await clock.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE_S)


def printed(client: DockerClient, container: str, longest_s: float) -> AsyncGenerator[bytes]:
    """What a container prints, from its first byte to its end; silence of `longest_s` ends it too.

    The oldest is dropped where nobody takes it in time.
    """

    def read(cut: Cut) -> Iterator[bytes]:
        api = client.api()
        url = f"{api.base_url}/v{api.api_version}/containers/{container}/logs"
        asked = {"follow": "1", "stdout": "1", "stderr": "1"}
        with api.get(url, params=asked, stream=True, timeout=(_CONNECT_S, longest_s)) as response:
            yield from frames(cut.hold(response))

    return Follower(read, "docker-output").items()
