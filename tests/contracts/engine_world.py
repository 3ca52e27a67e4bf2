"""One engine and what surrounds it in a test: what the contracts of engines and the live tests of engines share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from enum import Enum, auto
from pathlib import Path

import pytest

from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import Engine, Instance, Launch, Running
from tests.support.waiting import until

WS = "contract"
BROKEN = "broken"
"""A source with a file of this name does not build."""


class Manner(Enum):
    """What the app of a spec does."""

    SERVE = auto()
    CRASH = auto()
    """Says `last words` and ends with exit code 3."""
    WRONG_PORT = auto()
    """Listens on 127.0.0.1, on a port nobody asked for."""
    HOG = auto()
    """Takes more memory than it may."""
    STUBBORN = auto()
    """Serves, and ignores TERM."""
    NOISY = auto()
    """Serves, after printing escape sequences, binary bytes and a line of a megabyte, then `the end`."""


class World(ABC):
    """One engine and what surrounds it in a test."""

    out_of_memory = "out of memory"
    """What the exit reason of a hog says, "" where the engine cannot know."""
    real = True
    """Whether instances answer requests."""

    @abstractmethod
    def engine(self, install: str = "one") -> Engine:
        """A new engine object on the same machine, of one install or another."""

    @abstractmethod
    def copying(self, manner: Manner = Manner.SERVE) -> LaunchSpec:
        """A spec with a working copy: a server that reads `message.txt` at its start and answers with it.

        `/data` answers how often it was started with the same data volume, `/now` what the file holds now. Its build
        fails while `BROKEN` is there.
        """

    @abstractmethod
    def direct(self) -> LaunchSpec:
        """A spec that serves its source as it is."""

    @abstractmethod
    def installing(self, ok: bool) -> LaunchSpec:
        """A copying spec with an install command and a `deps_key`; not `ok`: prints `no such package` and fails."""

    @abstractmethod
    async def fetch(self, instance: Instance, path: str = "/") -> str:
        """What it answers."""

    @abstractmethod
    async def leftovers(self, workspace: str = WS) -> set[str]:
        """Everything the machine still holds of a workspace, but its data volume."""

    @abstractmethod
    async def has_data(self, workspace: str = WS) -> bool:
        """Whether its data volume is there."""

    @abstractmethod
    def source(self, files: dict[str, str]) -> Path:
        """The workspace's folder, now holding exactly `files`."""

    def launch(self, **files: str) -> Launch:
        """The folder with a message and `files`, as a launch."""
        texts = {"message.txt": "hello", "index.html": "hello", **{n.replace("__", "."): t for n, t in files.items()}}
        root = self.source(texts)
        return Launch(root, tuple(sorted(texts)), f"d{abs(hash(tuple(sorted(texts.items())))):x}")


async def ready(engine: Engine, instance: Instance) -> Instance:
    """The instance, once it is ready."""

    async def now() -> Instance | None:
        return next((i for i in await engine.instances() if i.id == instance.id and i.ready), None)

    found = await until(now, 30, "the instance to be ready")
    assert found is not None
    return found


async def ended(engine: Engine, instance: Instance) -> Instance:
    """The instance, once it has ended."""

    async def now() -> Instance | None:
        here = [i for i in await engine.instances() if i.id == instance.id]
        return next((i for i in here if i.state is Running.EXITED), None)

    found = await until(now, 30, "the instance to end")
    assert found is not None
    return found


def quiet(_line: str) -> None:
    """Progress nobody reads."""


class EngineSuite:
    """What a suite of promises begins with; a subclass gives a `world` fixture."""

    @pytest.fixture
    async def engine(self, world: World) -> AsyncIterator[Engine]:
        engine = world.engine()
        yield engine
        await engine.purge(WS)
        await engine.close()
