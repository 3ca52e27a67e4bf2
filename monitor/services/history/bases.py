"""Bases somebody holds just now, by their names: one that is needed twice at a time is read once."""

from __future__ import annotations

from weakref import WeakValueDictionary

from monitor.domain.history.base import Base


class Bases:
    """Remembers no longer than somebody else does. A base is named by the hash of its bytes, so that finding one
    here is as good as reading it."""

    def __init__(self) -> None:
        self._held: WeakValueDictionary[str, Base] = WeakValueDictionary()

    def find(self, sha256: str) -> Base | None:
        return self._held.get(sha256)

    def remember(self, base: Base) -> Base:
        self._held[base.sha256] = base
        return base
