"""What is removed from a history and when: condemned first, gone at least a day later if still nothing needs it.

Deletes are the reverse of writes: a revision before its base, both before their packs. Whatever moment this is
interrupted at, every revision that is still listed has all it needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from monitor.domain.durations import DAY
from monitor.domain.history.condemned import Condemned
from monitor.domain.moments import NS

GRACE_NS = DAY * NS

Id = TypeVar("Id", int, str)


@dataclass(frozen=True, slots=True)
class Needs:
    """What one revision cannot be restored without; `packs` are its base's too."""

    base: str
    packs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What stands in the store: listed revisions with what they need, bases and packs with their sizes in bytes."""

    revisions: Mapping[int, Needs] = field(default_factory=dict)
    bases: Mapping[str, int] = field(default_factory=dict)
    packs: Mapping[str, int] = field(default_factory=dict)

    def missing(self) -> tuple[frozenset[str], frozenset[str]]:
        """Bases and packs that a listed revision needs and that are not there."""
        bases = frozenset(needs.base for needs in self.revisions.values()) - self.bases.keys()
        return bases, packs_needed(self.revisions.values()) - self.packs.keys()


@dataclass(frozen=True, slots=True)
class Sweep:
    """`condemned` is what the list must say from now on; the rest is what is removed now, in this order."""

    condemned: Condemned
    revisions: tuple[int, ...] = ()
    bases: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()

    @property
    def removes(self) -> int:
        return len(self.revisions) + len(self.bases) + len(self.packs)


def packs_needed(needs: Iterable[Needs]) -> frozenset[str]:
    """All packs these revisions need."""
    found: set[str] = set()
    for one in needs:
        found |= one.packs
    return frozenset(found)


def sweep(
    holdings: Holdings, going: Collection[int], old: Condemned, now_ns: int, *, grace_ns: int = GRACE_NS
) -> Sweep:
    """`going` are the revisions retention does not keep; `old` is the list an earlier run left.

    Only what `old` already lists, for `grace_ns` at least, is removed, and only if it is to go by today's marks too:
    one that is needed again simply leaves the list.
    """
    going = set(going) & holdings.revisions.keys()
    kept = [needs for seq, needs in holdings.revisions.items() if seq not in going]
    packs_kept, bases_kept = packs_needed(kept), {needs.base for needs in kept}
    condemned = Condemned(
        _since(going, old.revisions, now_ns, grace_ns),
        _since(holdings.bases.keys() - bases_kept, old.bases, now_ns, grace_ns),
        _since(holdings.packs.keys() - packs_kept, old.packs, now_ns, grace_ns),
        max(holdings.revisions, default=0),
    )
    due_revisions = _due(condemned.revisions, old.revisions, now_ns, grace_ns)
    left = [needs for seq, needs in holdings.revisions.items() if seq not in due_revisions]
    packs_left, bases_left = packs_needed(left), {needs.base for needs in left}
    return Sweep(
        condemned,
        tuple(sorted(due_revisions)),
        tuple(sorted(_due(condemned.bases, old.bases, now_ns, grace_ns) - bases_left)),
        tuple(sorted(_due(condemned.packs, old.packs, now_ns, grace_ns) - packs_left)),
    )


def _since(found: Iterable[Id], old: Mapping[Id, int], now_ns: int, grace_ns: int) -> dict[Id, int]:
    """Since when each is condemned; a time far ahead of the clock was a wrong clock's, and the grace begins anew."""
    latest = now_ns + 2 * grace_ns
    return {one: old[one] if one in old and old[one] <= latest else now_ns for one in found}


def _due(condemned: Mapping[Id, int], old: Mapping[Id, int], now_ns: int, grace_ns: int) -> set[Id]:
    return {one for one, since in condemned.items() if one in old and old[one] == since <= now_ns - grace_ns}
