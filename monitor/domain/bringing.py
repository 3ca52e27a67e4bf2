"""What a command changed in its working copy, and what of that may go back into the workspace's folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from monitor.domain.moments import NS
from monitor.domain.tree import Entry, Kind

Entries = Mapping[str, Entry]


class Verdict(Enum):
    """What becomes of one path."""

    LEAVE = auto()
    WRITE = auto()
    REMOVE = auto()
    CONFLICT = auto()


@dataclass(frozen=True, slots=True)
class Bringing:
    """Paths to write and to remove, and those that somebody else changed meanwhile: these stay as they are."""

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sides:
    """The three states that are compared, each filtered as source.

    `base` is what the working copy was made of, `now` the workspace's folder, `made` the working copy afterwards.
    `gone` are the paths of `base` that are not in the copy any more, `same` those whose bytes are equal in `now` and
    `made`.
    """

    base: Entries
    now: Entries
    made: Entries
    gone: Collection[str]
    same: Collection[str]


def bring(sides: Sides) -> Bringing:
    """Decide path by path: what the command changed is taken over where nobody else changed it too."""
    verdicts = {path: _made(sides, path) for path in sides.made} | {path: _gone(sides, path) for path in sides.gone}

    def of(verdict: Verdict) -> tuple[str, ...]:
        return tuple(sorted(path for path, found in verdicts.items() if found is verdict))

    return Bringing(of(Verdict.WRITE), of(Verdict.REMOVE), of(Verdict.CONFLICT))


def _made(sides: Sides, path: str) -> Verdict:
    made, now, base = sides.made[path], sides.now.get(path), sides.base.get(path)
    if now is not None and _equal(made, now, path in sides.same):
        return Verdict.LEAVE
    if now is None and base is None:
        return Verdict.WRITE if _is_free(sides.now, path) else Verdict.CONFLICT
    if now is not None and base is not None and now.stamp == base.stamp and now.kind is made.kind:
        return Verdict.WRITE
    return Verdict.LEAVE if base is not None and _untouched(made, base) else Verdict.CONFLICT


def _gone(sides: Sides, path: str) -> Verdict:
    now = sides.now.get(path)
    if now is None:
        return Verdict.LEAVE
    return Verdict.REMOVE if now.stamp == sides.base[path].stamp else Verdict.CONFLICT


def _equal(made: Entry, now: Entry, same_bytes: bool) -> bool:
    if made.kind is not now.kind:
        return False
    if made.kind is Kind.FILE:
        return same_bytes and _runs(made) == _runs(now)
    return made.target == now.target


def _untouched(made: Entry, base: Entry) -> bool:
    """Whether it is what was copied; some engines tell times by the second only."""
    return (made.kind, made.size, made.target, made.mtime_ns // NS) == (
        base.kind,
        base.size,
        base.target,
        base.mtime_ns // NS,
    )


def _is_free(now: Entries, path: str) -> bool:
    """No file stands where a folder above `path` would have to be."""
    parts = path.split("/")
    above = ("/".join(parts[:n]) for n in range(1, len(parts)))
    return not any((one := now.get(parent)) is not None and one.kind is not Kind.DIR for parent in above)


def _runs(entry: Entry) -> bool:
    return bool(entry.mode & 0o100)
