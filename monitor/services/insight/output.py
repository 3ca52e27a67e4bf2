"""A workspace's log read on from where it was left, over restarts and replaced instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monitor.domain.instance import Instance
from monitor.domain.moments import rfc3339
from monitor.ports.clock import Clock
from monitor.ports.closeup import Closeup
from monitor.services.desk import Desk

AGAIN_S = 2.0
KEPT = 64


@dataclass(slots=True)
class _Seen:
    until: float
    stand: object
    newest: Instance | None


@dataclass(slots=True)
class Output:
    """A cursor is opaque: the instance it belongs to, and that one's own place.

    Somebody following asks about once a second: the engine's listing is shared for two.
    """

    desk: Desk
    closeup: Closeup
    clock: Clock
    _seen: dict[str, _Seen] = field(default_factory=dict)

    async def after(self, name: str, cursor: str, lines: int) -> dict[str, Any]:
        """What was printed since: `{"lines", "after", "generation", "started_at", "began", "skipped"}`.

        `began`: another instance speaks than the one the cursor belongs to, and all of it is here. Colours stay
        in the lines as SGR sequences, nothing else does. Raises `NotFound`, `EngineAway`.
        """
        owner, _, place = cursor.partition("~")
        newest = await self._newest(name)
        if newest is None:
            kept = [] if owner == "none" else await self.desk.logs(name, lines)
            return {"lines": kept, "after": "none~", "generation": None, "started_at": None, **_how()}
        began = owner != _owner(newest)
        printed = await self.closeup.printed(newest, "" if began else place, lines)
        return {
            "lines": self._hidden(name, printed.lines),
            "after": f"{_owner(newest)}~{printed.cursor}",
            "generation": newest.generation,
            "started_at": rfc3339(newest.started_at) if newest.started_at else None,
            **_how(began=began, skipped=printed.skipped),
        }

    async def _newest(self, name: str) -> Instance | None:
        state = self.desk.workspace(name)
        now, stand = self.clock.monotonic(), (state.phase, state.generation, state.changing)
        known = self._seen.pop(name, None)
        if known is None or known.until < now or known.stand != stand:
            instances = await self.desk.observer.of(name)
            known = _Seen(now + AGAIN_S, stand, max(instances, key=lambda one: one.generation, default=None))
        self._seen[name] = known
        while len(self._seen) > KEPT:
            del self._seen[next(iter(self._seen))]
        return known.newest

    def _hidden(self, name: str, lines: tuple[str, ...]) -> list[str]:
        keeper = self.desk.keepers.get(name)
        return keeper.redactor.lines(lines) if keeper is not None else list(lines)


def _owner(instance: Instance) -> str:
    return f"{instance.generation}.{instance.started_at}"


def _how(*, began: bool = False, skipped: bool = False) -> dict[str, bool]:
    return {"began": began, "skipped": skipped}
