"""Runtimes on official images: whether one can be had, and fetching it; what Debian's own versions are."""

from __future__ import annotations

from monitor.adapters.docker_engine.images import COMPOSER, RuntimeImages
from monitor.adapters.docker_engine.pulls import Pulls
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.domain.runtimes import CATALOGUE
from monitor.ports.clock import Clock
from monitor.ports.engine import LaunchFailed, Progress

_REMEMBERED_S = 3_600.0


class Bases:
    """What runtimes stand on."""

    def __init__(self, images: RuntimeImages, pulls: Pulls, clock: Clock) -> None:
        self._images = images
        self._pulls = pulls
        self._clock = clock
        self._unfit: dict[str, tuple[float, str]] = {}

    def debian(self, type_: ProjectType) -> str | None:
        """The interpreter of the runtime that stands on Debian."""
        runtime = CATALOGUE.get(type_)
        return runtime.version if runtime else None

    async def lacking(self, type_: ProjectType, image: str) -> str:
        """Why the runtime of a type cannot stand on an image; a runtime that is built needs the image no more."""
        tag = self._images.tag(CATALOGUE[type_].folder, image)
        since, why = self._unfit.get(tag, (float("-inf"), ""))
        if self._clock.monotonic() - since < _REMEMBERED_S:
            return why
        return "" if await self._images.has(tag) else await self._pulls.lacking(_needed(type_, image))

    async def ensure(self, spec: LaunchSpec, progress: Progress) -> str:
        """The runtime's image of a spec, built where it is missing. Raises `LaunchFailed`, `EngineAway`.

        What cannot be built on an official image is remembered, so that the next look settles on another.
        """
        if not spec.base:
            return await self._images.ensure(spec.runtime, progress)
        tag = self._images.tag(spec.runtime, spec.base)
        if not await self._images.has(tag):
            await self._pulls.ensure(_needed(spec.type, spec.base), progress)
        try:
            return await self._images.ensure(spec.runtime, progress, spec.base)
        except LaunchFailed as error:
            self._unfit[tag] = (self._clock.monotonic(), error.message)
            raise


def _needed(type_: ProjectType, image: str) -> list[str]:
    return [image, COMPOSER] if type_ is ProjectType.PHP else [image]
