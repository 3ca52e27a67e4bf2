"""Copies of the history elsewhere: what is missing there, what may go there, and since when.

Keys are without prefix, as `keys` spells them for the prefix `""`; a place's own prefix is its store's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from monitor.domain import keys

HOUR_NS = 3600 * 1_000_000_000
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
    return ""


@dataclass(frozen=True, slots=True)
class Damage:
    """One object that is not what it should be; `repaired` once the primary's bytes are there instead."""

    key: str
    what: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did, or (`dry_run`) would do. Counts are objects; `problems` are sentences.

    `held` says, by workspace, why removals wait for a person; `waiting` counts removals whose grace is not over.
    """

    destination: str
    mode: Mode
    dry_run: bool = False
    copied: Mapping[Part, int] = field(default_factory=lambda: MappingProxyType({}))
    copied_bytes: int = 0
    removed: int = 0
    waiting: int = 0
    workspaces: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all that was in the primary when the run began is there now."""
        return not self.problems and not self.dry_run

    def as_json(self) -> dict[str, object]:
        return {
            "destination": self.destination,
            "mode": self.mode.value,
            "dry_run": self.dry_run,
            "copied": {part.value: self.copied.get(part, 0) for part in Part},
            "bytes": self.copied_bytes,
            "removed": self.removed,
            "waiting": self.waiting,
            "workspaces": list(self.workspaces),
            "held": dict(self.held),
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Verified:
    """What reading everything back found."""

    destination: str
    objects: int = 0
    bytes: int = 0
    damaged: tuple[Damage, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether everything there is right (again)."""
        return not self.problems and all(one.repaired for one in self.damaged)

    def as_json(self) -> dict[str, object]:
        damaged = [{"key": d.key, "what": d.what, "repaired": d.repaired} for d in self.damaged]
        return {
            "destination": self.destination,
            "objects": self.objects,
            "bytes": self.bytes,
            "damaged": damaged,
            "problems": list(self.problems),
            "sound": self.sound,
        }


@dataclass(frozen=True, slots=True)
class DestinationState:
    """One destination as everybody sees it. Times are RFC 3339 UTC or None.

    Everything kept before `complete_at` is there; `lag_s` is the age of that moment, None before the first time.
    `verified_at`: when everything there was last read back and found right. `waiting` counts removals in their
    grace, `held` says why some wait for a person. `notes` are sentences about dangers of the place.
    """

    name: str
    kind: str
    where: str
    mode: Mode
    state: str = "idle"
    complete_at: str | None = None
    lag_s: float | None = None
    verified_at: str | None = None
    next_in_s: float | None = None
    progress: str = ""
    error: str = ""
    hint: str = ""
    waiting: int = 0
    held: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    damaged: int = 0
    same_disk: bool = False
    notes: tuple[str, ...] = ()
    last: Mapping[str, object] | None = None

    def as_json(self) -> dict[str, object]:
        """JSON-ready, as `GET /api/destinations` lists it."""
        found = {name: getattr(self, name) for name in self.__slots__}
        last = None if self.last is None else dict(self.last)
        return {**found, "mode": self.mode.value, "held": dict(self.held), "notes": list(self.notes), "last": last}
