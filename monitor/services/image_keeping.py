"""Old images go by the clock: dependency layers, runtimes of earlier versions, builds of users' own Dockerfiles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from monitor.domain.images import ImageLimits, leaving
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine

FIRST_S, HOUR_S = 900.0, 3600.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ImageKeeping:
    """`names` gives the workspaces that have a folder."""

    engine: Engine
    clock: Clock
    limits: ImageLimits
    names: Callable[[], Collection[str]]

    async def run(self) -> None:
        """A round an hour, the first when the start is long over; until cancelled."""
        await self.clock.sleep(FIRST_S)
        while True:
            try:
                await self.round()
            except SlipwayError as error:
                log.info("old images wait: %s", error.message)
            except Exception:
                log.exception("removing old images failed; it is tried again in an hour")
            await self.clock.sleep(HOUR_S)

    async def round(self) -> list[str]:
        """Remove what is old or too much now; a sentence for each that went."""
        images = await self.engine.images(set(self.names()))
        said = []
        for one in leaving(images, self.limits, self.clock.wall_ns() / 1e9):
            if await self.engine.discard(one.image):
                said.append(f"removed {one.sentence}")
                log.info("%s", said[-1])
        return said
