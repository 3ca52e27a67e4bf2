"""The machine a fake engine plays on: what every instance does, written down beforehand, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.adapters.fake_volumes import Content
from monitor.domain.command import Command, Ran
from monitor.domain.images import Image
from monitor.domain.instance import Instance
from monitor.domain.launch import LaunchSpec
from monitor.ports.clock import Clock
from monitor.ports.engine import Hear, Launch

END = "\0"

Act = Callable[[Command, Launch, Hear, Path | None], Awaitable[Ran]]


async def does_nothing(_command: Command, _launch: Launch, _hear: Hear, _into: Path | None) -> Ran:
    """Every command succeeds, says nothing and leaves nothing."""
    return Ran(0)


@dataclass(frozen=True, slots=True)
class Part:
    """What an instance of a spec does: gets ready after `ready_after_s` (never where None), or ends.

    `exit_code` None means it goes on running. `listening` and `log` are what can be seen of it. `install_fails` and
    `build_fails` carry the tail those steps print. `acts` is what a person's command does.
    """

    ready_after_s: float | None = 0.0
    exit_code: int | None = None
    exit_reason: str = ""
    listening: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    install_fails: tuple[str, ...] = ()
    build_fails: tuple[str, ...] = ()
    acts: Act = does_nothing


Play = Callable[[LaunchSpec, Launch], Part]
Address = Callable[[LaunchSpec, int], tuple[str, int]]


def serves(_spec: LaunchSpec, _launch: Launch) -> Part:
    """Every instance is ready at once and runs for good."""
    return Part()


@dataclass(slots=True)
class Performance:
    """One instance on the stage. `acknowledged` is what it was told and took over, None while it is not ready."""

    instance: Instance
    part: Part
    copied: str
    ready_at: float
    direct: bool
    acknowledged: str | None = None


@dataclass(slots=True)
class Stage:
    """The machine: what every engine of a test sees. `away` makes every call fail as a stopped daemon would.

    `lacking` says why an official image cannot be had, by its name.
    """

    clock: Clock
    away: bool = False
    calls: list[str] = field(default_factory=list)
    installs: dict[str, dict[str, Performance]] = field(default_factory=dict)
    layers: set[str] = field(default_factory=set)
    data: set[tuple[str, str]] = field(default_factory=set)
    volumes: dict[str, dict[str, Content]] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    listeners: list[tuple[str, asyncio.Queue[str]]] = field(default_factory=list)
    count: int = 0

    def cut(self) -> None:
        """The daemon goes away: every stream of hints ends."""
        self.away = True
        for _, queue in self.listeners:
            queue.put_nowait(END)

    def end(self, instance: str, code: int, reason: str = "") -> None:
        """An instance ends by itself, as a crash would."""
        for install, shows in self.installs.items():
            if instance in shows:
                show = shows[instance]
                show.part = replace(show.part, exit_code=code, exit_reason=reason)
                self.tell(install, show.instance.workspace)

    def tell(self, install: str, workspace: str) -> None:
        for listening, queue in self.listeners:
            if listening == install:
                queue.put_nowait(workspace)
