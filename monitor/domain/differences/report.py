"""Differences as people and programs see them: of two revisions, and of one file over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitor.domain.differences.packages import PackageChange
from monitor.domain.differences.text import LineCount
from monitor.domain.differences.trees import Change, What
from monitor.domain.history.entry import Entry
from monitor.domain.history.revision import Header
from monitor.domain.moments import rfc3339
from monitor.domain.restoring.plan import shown

MAX_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path's change; `lines` None: no text, too large, or more than is compared at once."""

    change: Change
    lines: LineCount | None = None

    def as_json(self) -> dict[str, Any]:
        change, lines = self.change, self.lines
        return {
            "path": shown(change.path),
            "what": change.what.value,
            "from": shown(change.before.path) if change.what is What.RENAMED and change.before else None,
            "size_before": change.before.size if change.before else None,
            "size": change.after.size if change.after else None,
            "lines_added": lines.added if lines else None,
            "lines_removed": lines.removed if lines else None,
            "exact": lines.exact if lines else None,
        }


@dataclass(frozen=True, slots=True)
class Diff:
    """From revision `before` to `after`."""

    before: Header
    after: Header
    files: tuple[FileChange, ...]
    packages: tuple[PackageChange, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many paths of each kind of change."""
        return {what.value: sum(one.change.what is what for one in self.files) for what in What}

    def as_json(self) -> dict[str, Any]:
        """Whole in its counts; lists are cut at a thousand items each."""
        return {
            "before": {"seq": self.before.seq, "time": rfc3339(self.before.time_ns)},
            "after": {"seq": self.after.seq, "time": rfc3339(self.after.time_ns)},
            "counts": self.counts,
            "bytes": sum(one.change.grown for one in self.files),
            "lines_added": sum(one.lines.added for one in self.files if one.lines),
            "lines_removed": sum(one.lines.removed for one in self.files if one.lines),
            "files": [one.as_json() for one in self.files[:MAX_SHOWN]],
            "packages": [
                {"file": shown(one.file), "name": one.name, "before": one.before, "after": one.after}
                for one in self.packages[:MAX_SHOWN]
            ],
            "cut": len(self.files) > MAX_SHOWN or len(self.packages) > MAX_SHOWN,
        }


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A file as it was from one revision on, until the next version; `entry` None: it was gone."""

    header: Header
    path: str
    entry: Entry | None

    def as_json(self) -> dict[str, Any]:
        entry = self.entry
        return {
            "seq": self.header.seq,
            "time": rfc3339(self.header.time_ns),
            "kind": self.header.kind,
            "path": shown(self.path),
            "what": entry.kind.value if entry else "gone",
            "size": entry.size if entry else None,
            "sha256": (entry.sha256 or None) if entry else None,
            "mode": entry.mode if entry else None,
        }
