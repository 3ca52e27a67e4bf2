"""What the doors ask for by name: the primary and every destination, with answers ready for JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.domain.destinations import PRIMARY, Mode
from monitor.errors import UsageError
from monitor.services.destinations.destination import silent
from monitor.services.destinations.destinations import Destinations
from monitor.services.destinations.primary import Primary
from monitor.services.jobs import Tell


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of a backup; `mode` None: the destination's own, `names` empty: every workspace.

    `start_over` allows a destination that is empty now, `confirm` says that whatever is gone is meant to be.
    """

    mode: Mode | None = None
    names: tuple[str, ...] = ()
    dry_run: bool = False
    start_over: bool = False
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Backups:
    """`primary` opens what writes the history, at the first use."""

    destinations: Destinations
    primary: Callable[[], Awaitable[Primary]]

    def listed(self) -> list[dict[str, Any]]:
        """Every destination's state."""
        return [state.as_json() for state in self.destinations.states()]

    async def run(self, name: str, asked: Asked, tell: Tell = silent) -> dict[str, Any]:
        """Back up to `name`: `primary`, or a destination.

        The answer has `problems`, sentences about what could not be kept; the primary's has `items`, one for each
        workspace. Raises `NotFound`, and what the run raises.
        """
        if name == PRIMARY:
            return await self._primary(asked, tell)
        one = self.destinations.get(name)
        if asked.confirm and not asked.dry_run:
            one.confirm()
        outcome = await one.run(
            mode=asked.mode, names=asked.names, dry_run=asked.dry_run, start_over=asked.start_over, tell=tell
        )
        return outcome.as_json()

    async def verify(
        self, name: str, *, names: Sequence[str] = (), repair: bool = True, tell: Tell = silent
    ) -> dict[str, Any]:
        """Read a destination back."""
        if name == PRIMARY:
            raise UsageError("the primary is verified by `slipway verify`", hint="name a destination here")
        return (await self.destinations.get(name).verify(names=names, repair=repair, tell=tell)).as_json()

    def confirm(self, name: str) -> dict[str, Any]:
        """What is gone from the primary is meant to be; the answer names the workspaces this was about."""
        return {"destination": name, "confirmed": list(self.destinations.get(name).confirm())}

    async def _primary(self, asked: Asked, tell: Tell) -> dict[str, Any]:
        mode = asked.mode or Mode.MIRROR
        primary = await self.primary()
        items = await primary.run(mode, asked.names, dry_run=asked.dry_run, confirm=asked.confirm, tell=tell)
        return {
            "destination": PRIMARY,
            "mode": mode.value,
            "dry_run": asked.dry_run,
            "items": [item.as_json() for item in items],
            "problems": [f"{item.workspace}: {item.error}" for item in items if item.error],
        }
