"""How much of Docker's disk images of this install take, and what the next housekeeping would remove of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from monitor.adapters.clock import SystemClock
from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.shelf import ImageShelf
from monitor.adapters.state_files import DiskStateFiles
from monitor.app.engines import docker_host
from monitor.app.install import FILE
from monitor.domain.docker_names import Names
from monitor.domain.floors import Finding, Level
from monitor.domain.images import DAY_S, ImageLimits, told
from monitor.domain.sizes import GIB
from monitor.errors import SlipwayError
from monitor.settings import Settings
from monitor.shipped import shipped

CHECK = "images on Docker's disk"
HINT = "SLIPWAY_IMAGES_DAYS and SLIPWAY_IMAGES_GIB say what stays"


def image_limits(settings: Settings) -> ImageLimits:
    """What the settings say."""
    return ImageLimits(settings.images_days * DAY_S, int(settings.images_gib * GIB))


async def judge_images(settings: Settings) -> list[Finding]:
    """One finding, a warning where they take more than they may; none before the first start. Changes nothing."""
    kept = DiskStateFiles(settings.data).read(FILE)
    if not isinstance(kept, dict) or not kept.get("id"):
        return []
    client, clock = DockerClient(docker_host(settings)), SystemClock()
    images = RuntimeImages(client, shipped("runtimes"), None)
    shelf = ImageShelf(client, Names(str(kept["id"])), images, settings.data, clock)
    try:
        known = await asyncio.to_thread(_folders, settings)
        found = await shelf.images(known, remember=False)
    except SlipwayError as error:
        return [Finding(CHECK, Level.WARNING, error.message, error.hint)]
    finally:
        await client.close()
    limits = image_limits(settings)
    much = sum(image.size for image in found) > limits.most
    sentence = told(found, limits, clock.wall_ns() / 1e9)
    return [Finding(CHECK, Level.WARNING if much else Level.OK, sentence, HINT if much else "")]


def _folders(settings: Settings) -> Collection[str]:
    try:
        return {path.name for path in settings.workspaces.iterdir()}
    except OSError:
        return set()
