"""What came of a restore."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.restoring.plan import DONE, RestorePlan, shown
from monitor.ports.placing import Problem
from monitor.services.restore.choosing import Chosen


@dataclass(frozen=True, slots=True)
class Planned:
    """What a restore would do: `--dry-run`."""

    chosen: Chosen
    folder: Path
    plan: RestorePlan

    @property
    def incomplete(self) -> bool:
        return bool(self.plan.refused)

    def as_json(self) -> dict[str, Any]:
        return {"chosen": self.chosen.as_json(), "folder": str(self.folder), "plan": self.plan.as_json()}

    def lines(self) -> Iterator[str]:
        yield from self.chosen.lines()
        yield f"into {self.folder} ({self.plan.mode.value})"
        yield from self.plan.lines()


@dataclass(frozen=True, slots=True)
class Result:
    """`before`, `after` and `displaced` are the revisions it wrote; `problems` are paths that were not placed.

    `left_behind`: folders with files that were replaced and are in no revision; they are kept there.
    `notes` are sentences about what else a person should know.
    """

    planned: Planned
    before: int | None = None
    after: int | None = None
    displaced: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_behind: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def incomplete(self) -> bool:
        """Exit code 3: something wanted is not in place."""
        return self.planned.incomplete or bool(self.problems)

    def as_json(self) -> dict[str, Any]:
        return {
            **self.planned.as_json(),
            "incomplete": self.incomplete,
            "before": self.before,
            "after": self.after,
            "displaced": list(self.displaced),
            "problems": [{"path": shown(p.path), "reason": shown(p.reason)} for p in self.problems],
            "left_behind": [str(folder) for folder in self.left_behind],
            "notes": list(self.notes),
        }

    def lines(self) -> Iterator[str]:
        """For people; the plan's own steps are left out."""
        yield from self.planned.chosen.lines()
        yield f"into {self.planned.folder}: {self.planned.plan.said(DONE) or 'nothing to do'}"
        for one in self.planned.plan.refused:
            yield f"REFUSED  {shown(one.path)}  ({shown(one.reason)})"
        for problem in self.problems:
            yield f"NOT PLACED  {shown(problem.path)}  ({shown(problem.reason)})"
        if self.before is not None:
            yield f"what was there before is revision {self.before}"
        for seq in self.displaced:
            yield f"what was saved meanwhile is revision {seq}"
        for folder in self.left_behind:
            yield f"replaced files that are in no revision are kept in {folder}"
        yield from self.notes


@dataclass(frozen=True, slots=True)
class Recovered:
    """A restore a kill had left behind. `outcome`: completed, undone, or waiting (and why) for another try.

    `after` is the revision of the state it led to."""

    job: str
    workspace: str
    folder: Path
    outcome: str
    reason: str = ""
    displaced: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_behind: tuple[Path, ...] = ()
    after: int | None = None
