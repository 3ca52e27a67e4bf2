"""What is known of every workspace, and one event for every change of it.

The registry is the only place that holds workspace states. Whoever learns something calls `update`; an
update that changes nothing makes no event. Subscribers get the whole state first, then changes in order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from monitor.domain.state import WorkspaceState
from monitor.domain.workspace import Unnamed

QUEUE, RECENT = 1000, 1000
Event = dict[str, Any]


class Subscription:
    """One reader's bounded queue; `lost` is set once it fell too far behind and must start anew."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE)
        self.lost = False

    def offer(self, event: Event) -> None:
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lost = True


class Registry:
    """The states of all workspaces, the folders that cannot be one, and the banners above them.

    Events are numbered from `seq` on; a start from a later number than any before keeps numbers of an earlier
    monitor from being taken for this one's.
    """

    def __init__(self, seq: int = 0) -> None:
        self._states: dict[str, WorkspaceState] = {}
        self._shown: dict[str, Event] = {}
        self._unnamed: tuple[Unnamed, ...] = ()
        self._banners: dict[str, str] = {}
        self._seq = seq
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._subscribers: set[Subscription] = set()
        self._listeners: list[Callable[[], None]] = []
        self._takers: list[Callable[[Event], None]] = []

    @property
    def states(self) -> Mapping[str, WorkspaceState]:
        return MappingProxyType(self._states)

    @property
    def unnamed(self) -> tuple[Unnamed, ...]:
        return self._unnamed

    @property
    def banners(self) -> Mapping[str, str]:
        return MappingProxyType(self._banners)

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self._seq

    def get(self, name: str) -> WorkspaceState | None:
        return self._states.get(name)

    def update(self, name: str, /, **changes: Any) -> WorkspaceState:
        """Change fields of one workspace (made when unknown: then `folder` is needed); returns its state."""
        old = self._states.get(name)
        new = replace(old, **changes) if old else WorkspaceState(name=name, **changes)
        if new != old:
            self._states[name], self._shown[name] = new, new.as_json()
            self._changed({"type": "workspace", "workspace": self._shown[name]})
        return new

    def remove(self, name: str) -> None:
        """The workspace is no more."""
        self._shown.pop(name, None)
        if self._states.pop(name, None) is not None:
            self._changed({"type": "removed", "name": name})

    def set_unnamed(self, unnamed: tuple[Unnamed, ...]) -> None:
        """The folders that cannot be workspaces, each with its reason."""
        if unnamed != self._unnamed:
            self._unnamed = unnamed
            self._changed({"type": "unnamed", "unnamed": self._unnamed_json()})

    def banner(self, key: str, text: str | None) -> None:
        """Show a sentence above everything while a condition holds; None takes it away."""
        if text is None and key in self._banners:
            del self._banners[key]
        elif text is not None and self._banners.get(key) != text:
            self._banners[key] = text
        else:
            return
        self._changed({"type": "banners", "banners": dict(self._banners)})

    def whole(self) -> Event:
        """The first event of every subscription: everything, as of `seq`."""
        return {
            "type": "state",
            "seq": self._seq,
            "workspaces": [shown for _, shown in sorted(self._shown.items())],
            "unnamed": self._unnamed_json(),
            "banners": dict(self._banners),
        }

    def since(self, seq: int) -> list[Event] | None:
        """The events after number `seq`, None where some of them are not known any more."""
        first = self._recent[0]["seq"] if self._recent else self._seq + 1
        if not first - 1 <= seq <= self._seq:
            return None
        return [event for event in self._recent if event["seq"] > seq]

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Every event from now on; take `whole()` first, inside the same step of the loop."""
        subscription = Subscription()
        self._subscribers.add(subscription)
        try:
            yield subscription
        finally:
            self._subscribers.discard(subscription)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` (quick, must not raise) after every change of a state, a banner or the unnamed."""
        self._listeners.append(listener)

    def on_event(self, taker: Callable[[Event], None]) -> None:
        """Give `taker` (quick, must not raise) every event as subscribers get it, without a task of its own."""
        self._takers.append(taker)

    def _unnamed_json(self) -> list[dict[str, str]]:
        return [{"folder": u.folder, "reason": u.reason} for u in self._unnamed]

    def emit(self, event: Event) -> None:
        """Tell every subscriber something that is no change of a state (a job's progress); it gets the next `seq`."""
        self._seq += 1
        numbered = {**event, "seq": self._seq}
        self._recent.append(numbered)
        for taker in self._takers:
            taker(numbered)
        for subscription in tuple(self._subscribers):
            subscription.offer(numbered)

    def _changed(self, event: Event) -> None:
        self.emit(event)
        for listener in self._listeners:
            listener()
