"""What verifying found: each damaged object by its key, what is wrong with it, which revisions and files it hurts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SHOWN = 20


@dataclass(slots=True)
class Problem:
    """`revisions` cannot be restored whole; `paths` are the files in question, the first few of `files`."""

    key: str
    what: str
    revisions: set[int] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)
    files: int = 0

    def hurts(self, revisions: Iterable[int], path: str | None = None) -> None:
        """Note that these revisions (and in them this file) need the object."""
        self.revisions.update(revisions)
        if path is not None and path not in self.paths:
            self.files += 1
            if len(self.paths) < SHOWN:
                self.paths.append(path)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "what": self.what,
            "revisions": sorted(self.revisions),
            "files": self.files,
            "paths": [path.encode("utf-8", "backslashreplace").decode() for path in self.paths],
        }

    def as_line(self) -> str:
        """`p/shop/history/packs/ab…: its bytes have another hash; affects 3 revisions (4 to 9), 12 files: a.py, …`"""
        said = f"{self.key}: {self.what}"
        if self.revisions:
            first, last = min(self.revisions), max(self.revisions)
            which = str(first) if first == last else f"{first} to {last}"
            said += f"; affects {len(self.revisions)} revision{'s'[: len(self.revisions) != 1]} ({which})"
        if self.files:
            names = ", ".join(repr(path)[1:-1] for path in self.paths[:3])
            said += f", {self.files} file{'s'[: self.files != 1]}: {names}{', …' if self.files > 3 else ''}"
        return said


@dataclass(slots=True)
class Verified:
    """One workspace's result. `notes` are no damage: leftovers, names without a revision, what went meanwhile."""

    workspace: str
    read_data: bool = False
    revisions: int = 0
    bases: int = 0
    packs: int = 0
    pieces: int = 0
    bytes_read: int = 0
    problems: dict[str, Problem] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.problems

    def problem(self, key: str, what: str, part: str = "") -> Problem:
        """The problem of that object; `part` tells several of one object apart."""
        return self.problems.setdefault(f"{key} {part}", Problem(key, what))

    def as_json(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "whole": self.whole,
            "read_data": self.read_data,
            "revisions": self.revisions,
            "bases": self.bases,
            "packs": self.packs,
            "pieces": self.pieces,
            "bytes_read": self.bytes_read,
            "problems": [one.as_json() for one in self.problems.values()],
            "notes": self.notes,
        }

    def lines(self) -> list[str]:
        """For people: each problem, each note, then the sums."""
        depth = "every byte read" if self.read_data else "names, listings and pack indexes"
        verdict = "whole" if self.whole else f"{len(self.problems)} problems"
        counts = f"{self.revisions} revisions, {self.bases} bases, {self.packs} packs"
        return [
            *(one.as_line() for one in self.problems.values()),
            *self.notes,
            f"{self.workspace}: {verdict}; {counts}, {self.bytes_read} bytes read ({depth})",
        ]
