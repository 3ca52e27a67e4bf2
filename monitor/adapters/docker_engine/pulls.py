"""Images of registries: fetched once without anybody's credentials, and read for what they say of themselves."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.rendering import Json
from monitor.ports.clock import Clock
from monitor.ports.engine import EngineAway, LaunchFailed, Progress

_ASK_S = 15.0
_REMEMBERED_S = 300.0
_NOBODY: dict[str, str] = {}
"""No credentials: what only this machine's owner may fetch is not for a workspace to read."""


class Pulls:
    """Images a workspace names; one pull of a name at once."""

    def __init__(self, client: DockerClient, images: RuntimeImages, clock: Clock) -> None:
        self._client = client
        self._images = images
        self._clock = clock
        self._pulling: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._lacking: dict[str, tuple[float, str]] = {}

    async def ensure(self, names: Iterable[str], progress: Progress) -> None:
        """Fetch what is missing. Raises `LaunchFailed` with the registry's words, `EngineAway`."""
        for name in names:
            async with self._pulling[name]:
                if not await self._images.has(name):
                    progress(f"fetching the image {name}")
                    await self._pull(name)

    async def lacking(self, names: Iterable[str]) -> str:
        """A sentence about the first image that is neither here nor offered by its registry, "" if there is none."""
        for name in names:
            if not await self._images.has(name) and (why := await self._refused(name)):
                return f"the image {name} cannot be had ({why})"
        return ""

    async def _refused(self, name: str) -> str:
        """The registry's refusal, remembered for some minutes; "" where it has the image."""
        now = self._clock.monotonic()
        since, why = self._lacking.get(name, (float("-inf"), ""))
        if now - since > _REMEMBERED_S:
            why = await self._asked(name)
            self._lacking[name] = (now, why)
        return why

    async def _asked(self, name: str) -> str:
        def ask(api: APIClient) -> object:
            return api.inspect_distribution(name, auth_config=_NOBODY)  # type: ignore[no-untyped-call]

        try:
            async with asyncio.timeout(_ASK_S):
                await self._client.work(ask)
        except TimeoutError:
            return "its registry does not answer"
        except (Declined, Gone, EngineAway) as error:
            return _short(error.message)
        return ""

    async def _pull(self, name: str) -> None:
        def pull(api: APIClient) -> str:
            return str(api.pull(name, tag=_tag(name), auth_config=_NOBODY))

        try:
            said = await self._client.work(pull)
        except (Declined, Gone) as error:
            raise _unfetched(name, error.message) from error
        self._lacking.pop(name, None)
        if not await self._images.has(name):
            raise _unfetched(name, _error(said))


def exposed(config: Json) -> tuple[int, ...]:
    """The TCP ports an image exposes, in order of their numbers."""
    found = [port.partition("/") for port in config.get("ExposedPorts") or {}]
    return tuple(sorted(int(number) for number, _, protocol in found if protocol == "tcp" and number.isdigit()))


def _tag(name: str) -> str | None:
    """Without a tag Docker would fetch every one there is."""
    last = name.rpartition("/")[2]
    return None if ":" in last or "@" in last else "latest"


def _error(said: str) -> str:
    for line in reversed(said.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("error"):
            return str(found["error"])
    return "its registry does not have it"


def _unfetched(name: str, why: str) -> LaunchFailed:
    return LaunchFailed(
        f"the image {name} cannot be fetched: {_short(why)}",
        hint="is its name right, is it public, and does this machine reach its registry?",
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 200 else f"{words[:200]}…"
