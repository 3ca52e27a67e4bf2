"""Keeps one bundled process running: watched, restarted with growing pauses, its state told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from monitor.adapters.embedded.child import Child, ChildSpec
from monitor.adapters.embedded.logs import keep_small
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# Once it ran this long, its next failure is a first one again.
PROVED_S = 60.0
PROBE_EVERY_S = 10.0
DEAF_AFTER = 3


class State(StrEnum):
    """`down` is between two tries, `stopped` on purpose."""

    STARTING = "starting"
    READY = "ready"
    DOWN = "down"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Condition:
    """How the process is doing; `reason` says why it is not ready, or why it was last restarted."""

    state: State
    reason: str = ""
    restarts: int = 0


class Supervisor:
    """`start`, then `run` as a task of the owning TaskGroup, then `stop`.

    Cancelling `run` alone leaves the process running, for the next monitor to adopt.
    `changed` is called with each new `Condition`.
    """

    def __init__(self, spec: ChildSpec, clock: Clock, changed: Callable[[Condition], None] = lambda _: None) -> None:
        self.child = Child(spec)
        self.condition = Condition(State.STOPPED)
        self.probe_every_s = PROBE_EVERY_S
        self._clock = clock
        self._changed = changed
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        """The first start; raises what `Child.start` does, so that a person reads it at once."""
        self._stopped.clear()
        self._tell(State.STARTING)
        try:
            await self.child.start()
        except SlipwayError as error:
            self._tell(State.DOWN, error.message)
            raise
        self._tell(State.READY)

    async def run(self) -> None:
        """Watch and restart until `stop`; never raises for what the process does."""
        failures = 0
        while not self._stopped.is_set():
            began = self._clock.monotonic()
            reason = await self._one_life()
            if self._stopped.is_set():
                return
            failures = 0 if self._clock.monotonic() - began > PROVED_S else failures + 1
            self._tell(State.DOWN, reason, restarted=True)
            log.warning("%s: %s; it is started again", self.child.spec.name, reason)
            await self._pause(min(FIRST_PAUSE_S * 2 ** max(0, failures - 1), LONGEST_PAUSE_S))

    async def stop(self) -> None:
        """Stop the process and end `run`; returns when it is gone."""
        self._stopped.set()
        await self.child.stop()
        self._tell(State.STOPPED)

    async def _one_life(self) -> str:
        """Start it unless it was found ready, and watch it to its end; why it ended.

        One that was ready and ended unwatched is not started here: its end counts as every other does.
        """
        if self.condition.state is not State.READY:
            self._tell(State.STARTING, self.condition.reason)
            try:
                await self.child.start()
            except SlipwayError as error:
                return error.message
            self._tell(State.READY, self.condition.reason)
        return await self._watch()

    async def _watch(self) -> str:
        deaf = 0
        while deaf < DEAF_AFTER:
            try:
                async with asyncio.timeout(self.probe_every_s):
                    code = await self.child.wait()
            except TimeoutError:
                keep_small(self.child.spec.log)
                deaf = 0 if await self.child.healthy() else deaf + 1
            else:
                return "it ended" if code is None else f"it ended with exit code {code}"
        await self.child.stop()
        return f"it did not answer {DEAF_AFTER} times"

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    def _tell(self, state: State, reason: str = "", *, restarted: bool = False) -> None:
        self.condition = Condition(state, reason, self.condition.restarts + restarted)
        self._changed(self.condition)
