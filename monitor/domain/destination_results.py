"""What came of copying the history elsewhere: of one run, of reading it back, and of a destination altogether."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from monitor.domain.destinations import Mode, Part


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
