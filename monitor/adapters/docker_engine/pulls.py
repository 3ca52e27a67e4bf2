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
_PULL_S = 900.0
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
        self._away: dict[str, tuple[float, str]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

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
        """The registry's refusal, remembered for some minutes; "" where it has the image.

        A registry that does not answer is not asked for its other images either.
        """
        registry = _registry(name)
        async with self._asking[registry]:
            for known, key in ((self._away, registry), (self._lacking, name)):
                since, why = known.get(key, (float("-inf"), ""))
                if self._clock.monotonic() - since <= _REMEMBERED_S:
                    return why
            why, away = await self._asked(name)
            remembered = (self._clock.monotonic(), why)
            self._lacking[name] = remembered
            if away:
                self._away[registry] = remembered
            return why

    async def _asked(self, name: str) -> tuple[str, bool]:
        """Its refusal, and whether that is about the whole registry."""

        def ask(api: APIClient) -> object:
            return api.inspect_distribution(name, auth_config=_NOBODY)  # type: ignore[no-untyped-call]

        try:
            async with asyncio.timeout(_ASK_S):
                await self._client.work(ask)
        except TimeoutError:
            return "its registry does not answer", True
        except Declined as error:
            return _short(error.message), error.status >= 500
        except (Gone, EngineAway) as error:
            return _short(error.message), False
        return "", False

    async def _pull(self, name: str) -> None:
        def pull(api: APIClient) -> str:
            return str(api.pull(name, tag=_tag(name), auth_config=_NOBODY))

        try:
            async with asyncio.timeout(_PULL_S):
                said = await self._client.work(pull)
        except TimeoutError:
            raise self._unfetched(name, f"not finished after {_PULL_S / 60:g} min") from None
        except (Declined, Gone) as error:
            raise self._unfetched(name, error.message) from error
        if not await self._images.has(name):
            raise self._unfetched(name, _error(said))
        self._lacking.pop(name, None)

    def _unfetched(self, name: str, why: str) -> LaunchFailed:
        """Remembered as a refusal, so that who can do without the image does at the next try."""
        self._lacking[name] = (self._clock.monotonic(), _short(why))
        return LaunchFailed(
            f"the image {name} cannot be fetched: {_short(why)}",
            hint="is its name right, is it public, and does this machine reach its registry?",
        )


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


def _registry(name: str) -> str:
    """The host a name begins with (Docker's rule: with a dot, a colon or `localhost`), "" for Docker Hub."""
    first, slash, _ = name.partition("/")
    return first if slash and (first == "localhost" or {".", ":"} & set(first)) else ""


def _short(text: str) -> str:
    """A refusal as a person can read it: where the network failed, what failed and not how it was asked."""
    words = " ".join(text.split())
    if "dial tcp" in words or "context deadline" in words or "TLS handshake" in words:
        return f"its registry cannot be reached: {words.rpartition(': ')[2]}"
    return words if len(words) <= 200 else f"{words[:200]}…"
