"""What is remembered of registries that refuse or do not answer, and how a refusal reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.pulls import Pulls
from monitor.ports.clock import Clock

NOWHERE = 'Get "https://hub.example/v2/": dial tcp: lookup hub.example on 10.0.0.1:53: no such host'


class Daemon:
    """Answers every question about a registry with `answer`, and counts them."""

    def __init__(self, answer: Exception | None) -> None:
        self.answer = answer
        self.asked = 0
        self.now = 0.0

    async def work(self, _act: Callable[[Any], Any]) -> object:
        self.asked += 1
        if self.answer:
            raise self.answer
        return {}

    async def has(self, _name: str) -> bool:
        return False

    def monotonic(self) -> float:
        return self.now


def pulls(daemon: Daemon) -> Callable[[str], Awaitable[str]]:
    made = Pulls(cast(DockerClient, daemon), cast(RuntimeImages, daemon), cast(Clock, daemon))
    return lambda name: made.lacking([name])


async def test_a_registry_that_is_away_is_asked_once_for_all_its_images_until_some_minutes_passed() -> None:
    daemon = Daemon(Declined(NOWHERE, 500))
    lacking = pulls(daemon)
    said = "the image node:22 cannot be had (its registry cannot be reached: no such host)"
    assert await lacking("node:22") == said
    assert await lacking("python:3.11") == said.replace("node:22", "python:3.11")
    assert daemon.asked == 1
    await lacking("other.example/x:1")
    assert daemon.asked == 2, "another registry may well answer"
    daemon.now, daemon.answer = 301.0, None
    assert await lacking("node:22") == ""
    assert await lacking("python:3.11") == ""


async def test_a_refusal_of_one_image_says_nothing_about_others() -> None:
    daemon = Daemon(Gone("manifest unknown"))
    lacking = pulls(daemon)
    assert await lacking("node:22") == "the image node:22 cannot be had (manifest unknown)"
    daemon.answer = None
    assert await lacking("python:3.11") == ""
    assert await lacking("node:22") != "", "it is remembered"
