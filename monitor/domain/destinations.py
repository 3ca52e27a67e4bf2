"""Copies of the history elsewhere: what is missing there, what may go there, and since when.

Keys are without prefix, as `keys` spells them for the prefix `""`; a place's own prefix is its store's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.domain import keys
from monitor.domain.moments import NS

PRIMARY = "primary"
"""What the store itself is called where destinations are named."""
HOUR_NS = 3600 * NS
GRACE_NS = 24 * HOUR_NS


class Mode(StrEnum):
    """`incremental` only adds; `mirror` also removes what is gone from the primary, after a grace."""

    MIRROR = "mirror"
    INCREMENTAL = "incremental"


class Part(StrEnum):
    """What a workspace's history is made of, in the order of writing."""

    PACKS = "packs"
    BASES = "bases"
    REVISIONS = "revisions"
    NAMES = "names"


_PREFIXES = {
    Part.PACKS: keys.packs_prefix,
    Part.BASES: keys.bases_prefix,
    Part.REVISIONS: keys.revisions_prefix,
    Part.NAMES: keys.names_prefix,
}


def prefix_of(part: Part, workspace: str) -> str:
    """Below which every object of this part lies."""
    return _PREFIXES[part]("", workspace)


def short(key: str) -> str:
    """A key's last segment: the hash, the number or the name."""
    return key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Terms:
    """How one destination is to be kept: how often (seconds), how, and how long removals wait.

    `where` says in words which place it is, without any secret; another `where` is another place.
    """

    name: str
    where: str
    kind: str = "folder"
    mode: Mode = Mode.INCREMENTAL
    every_s: float = 3600.0
    verify_every_s: float = 7 * 86400.0
    grace_ns: int = GRACE_NS


@dataclass(frozen=True, slots=True)
class Holding:
    """What one place has of one workspace: for each part, size by key."""

    parts: Mapping[Part, Mapping[str, int]] = field(default_factory=dict)

    def __getitem__(self, part: Part) -> Mapping[str, int]:
        return self.parts.get(part, {})

    def keys(self) -> set[str]:
        return {key for part in self.parts.values() for key in part}


@dataclass(frozen=True, slots=True)
class Step:
    """One object to copy or to remove, and why."""

    part: Part
    key: str
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`copies` in the order of writing, `surplus` (there, but not in the primary) in the order of removing."""

    workspace: str
    copies: tuple[Step, ...] = ()
    surplus: tuple[Step, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to copy."""
        return sum(step.size for step in self.copies)

    def of(self, part: Part) -> tuple[Step, ...]:
        """The copies of one part."""
        return tuple(step for step in self.copies if step.part is part)


def difference(workspace: str, source: Holding, there: Holding) -> Difference:
    """Compare by key and size. A name's content may change, so names are not compared here."""
    copies = [
        Step(part, key, size, "missing" if key not in there[part] else "cut off or changed there")
        for part in (Part.PACKS, Part.BASES, Part.REVISIONS)
        for key, size in sorted(source[part].items())
        if there[part].get(key) != size
    ]
    surplus = [
        Step(part, key, size, "gone from the primary")
        for part in reversed(Part)
        for key, size in sorted(there[part].items())
        if key not in source[part]
    ]
    return Difference(workspace, tuple(copies), tuple(surplus))


def newest_common(source: Holding, there: Holding) -> str | None:
    """The key of the newest revision both places have."""
    return max(source[Part.REVISIONS].keys() & there[Part.REVISIONS].keys(), default=None)


def is_ahead(source: Holding, there: Holding) -> bool:
    """Whether the place has newer revisions than the primary, where the newest never goes: they were lost, or it was
    begun anew."""
    ours, theirs = source[Part.REVISIONS], there[Part.REVISIONS]
    return bool(ours) and bool(theirs) and max(theirs) > max(ours)


@dataclass(frozen=True, slots=True)
class Waited:
    """How long a surplus object was seen to be surplus: when last, and for how many nanoseconds in all."""

    seen_ns: int
    waited_ns: int = 0


def waited(before: Mapping[str, Waited], surplus: Iterable[str], now_ns: int, most_ns: int) -> dict[str, Waited]:
    """After one more look at `now_ns`; one that came back starts anew.

    One look counts for at most `most_ns`: a clock that jumps a day ahead must not end a grace of a day.
    """
    after: dict[str, Waited] = {}
    for key in surplus:
        old = before.get(key)
        passed = 0 if old is None else min(max(now_ns - old.seen_ns, 0), most_ns)
        after[key] = Waited(now_ns, (old.waited_ns if old else 0) + passed)
    return after


def held_back(source: Holding, there: Holding, flagged: str) -> str:
    """Why nothing may be removed from this workspace until a person confirms; "" where nothing stands against it.

    `flagged` is the reason the history itself gives (a mass-delete that waits for confirmation).
    """
    if flagged:
        return flagged
    if there[Part.REVISIONS] and not source[Part.REVISIONS]:
        return "every revision is gone from the primary"
    if is_ahead(source, there):
        return "its newest revisions there are gone from the primary"
    return ""
