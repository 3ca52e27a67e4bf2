"""What a person or a program can ask for; every door (API, dashboard, command line) leads here.

The desk records intents and wakes the keeper; it never acts itself, so that a button and a dropped folder
go down the same stairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.domain.state import WorkspaceState
from monitor.domain.workspace import Intent, Phase
from monitor.errors import Conflict, NotFound, SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine
from monitor.services.intents import Intents
from monitor.services.jobs import Tell
from monitor.services.keeper import Keeper
from monitor.services.observer import Observer
from monitor.services.registry import Registry

MAX_LOG_LINES = 2000
POLL_S = 0.1


def _as_decided(_name: str) -> None:
    """What was decided stands."""


@dataclass(slots=True)
class Desk:
    """`keepers` is the reconciler's live mapping; `facts` gives the parts of `/api/status` the desk cannot know.

    `anew` is told what a person starts, so that nothing decided earlier stands in its way.
    """

    registry: Registry
    intents: Intents
    keepers: Mapping[str, Keeper]
    observer: Observer
    engine: Engine
    clock: Clock
    facts: Callable[[], dict[str, Any]]
    anew: Callable[[str], None] = _as_decided

    def workspaces(self) -> list[WorkspaceState]:
        """Every workspace, by name."""
        return [state for _, state in sorted(self.registry.states.items())]

    def workspace(self, name: str) -> WorkspaceState:
        """One workspace; raises `NotFound`."""
        state = self.registry.get(name)
        if state is None:
            raise NotFound(f"there is no workspace '{_short(name)}'", hint="`slipway list` shows all of them")
        return state

    def start(self, name: str) -> WorkspaceState:
        """Ask for it to run; a failing one is tried again at once."""
        return self._ask(name, Intent.RUN)

    def stop(self, name: str) -> WorkspaceState:
        """Ask for it to be stopped, over restarts of everything; asking twice is fine."""
        return self._ask(name, Intent.STOP)

    def restart(self, name: str) -> WorkspaceState:
        """Ask for what runs to be replaced."""
        return self._ask(name, Intent.RUN, restart=True)

    async def logs(self, name: str, lines: int) -> list[str]:
        """The last lines the newest instance printed, or those kept of the one that failed.

        Raises `NotFound`, or `EngineAway` (retrying helps).
        """
        state, wanted = self.workspace(name), max(1, min(lines, MAX_LOG_LINES))
        instances = await self.observer.of(name)
        if instances:
            printed = await self.engine.logs(max(instances, key=lambda i: i.generation), wanted)
            return self.keepers[name].redactor.lines(printed) if name in self.keepers else printed
        return [*state.failure.before, *state.failure.log][-wanted:] if state.failure else []

    async def until(
        self, name: str, phases: Collection[Phase], timeout_s: float, tell: Tell, *, anew: bool = False
    ) -> dict[str, Any]:
        """Wait until a workspace has come to one of `phases` and is at rest; returns its state.

        Raises `SlipwayError` with the workspace's own reason when it failed instead, or did not come there in time;
        with `anew` also where only the earlier one serves.
        """
        deadline = self.clock.monotonic() + timeout_s
        while not self._arrived(name, phases, tell):
            if self.clock.monotonic() > deadline:
                raise SlipwayError(
                    f"'{name}' is still {self.workspace(name).phase} after {timeout_s:g} s",
                    hint=f"`slipway logs {name}` shows what it printed",
                )
            await self.clock.sleep(POLL_S)
        state = self.workspace(name)
        if anew and state.failure is not None:
            raise SlipwayError(
                f"the earlier one of '{name}' goes on serving, since the new one does not: {state.failure.reason}",
                hint=state.failure.hint or f"`slipway logs {name}` shows what it printed",
            )
        return state.as_json()

    def _arrived(self, name: str, phases: Collection[Phase], tell: Tell) -> bool:
        state, keeper = self.workspace(name), self.keepers.get(name)
        tell(state.progress[-1] if state.progress else state.changing or state.reason)
        if (self.intents.of(name) is Intent.RUN) is not (Phase.SERVING in phases):
            raise Conflict(
                f"something else was asked of '{name}' meanwhile", hint="`slipway status` shows where it is"
            )
        if keeper is not None and keeper.busy:
            return False
        if state.phase not in phases and state.phase in {Phase.FAILED, Phase.DETECTED}:
            raise SlipwayError(f"'{name}' does not run: {state.reason}", hint=state.hint)
        return state.phase in phases

    def status(self) -> dict[str, Any]:
        """The whole in one value, as `GET /api/status` answers it."""
        phases = Counter(state.phase.value for state in self.registry.states.values())
        return {**self.facts(), "workspaces": dict(sorted(phases.items())), "banners": dict(self.registry.banners)}

    def _ask(self, name: str, intent: Intent, *, restart: bool = False) -> WorkspaceState:
        state = self.workspace(name)
        self.intents.set(name, intent)
        if intent is Intent.RUN:
            self.anew(name)
        keeper = self.keepers.get(name)
        if keeper is not None:
            keeper.asked(restart=restart)
        return state


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."
