"""A restore's plan as a value: one step per path with its reason, and what cannot or must not be touched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SHOWN = 1000

_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Mode(StrEnum):
    """`mirror`: exactly as it was. `merge`: adds and overwrites, deletes nothing."""

    MIRROR = "mirror"
    MERGE = "merge"


class Act(StrEnum):
    """What happens to one path. `stamp`: only its mode or time is set; the other words say it themselves."""

    KEEP = "keep"
    WRITE = "write"
    REPLACE = "replace"
    STAMP = "stamp"
    FOLDER = "folder"
    REMOVE = "remove"


TO_DO = {
    Act.KEEP.value: "unchanged",
    Act.WRITE.value: "to write",
    Act.REPLACE.value: "to replace",
    Act.STAMP.value: "to give their time or mode",
    Act.FOLDER.value: "folders to make",
    Act.REMOVE.value: "to remove",
}
DONE = {
    Act.KEEP.value: "unchanged",
    Act.WRITE.value: "written",
    Act.REPLACE.value: "replaced",
    Act.STAMP.value: "given their time or mode",
    Act.FOLDER.value: "folders made",
    Act.REMOVE.value: "removed",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`size` is what the path will hold, or, for `remove`, what it held (bytes)."""

    path: str
    act: Act
    reason: str = ""
    size: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"path": shown(self.path), "act": self.act.value, "reason": shown(self.reason), "size": self.size}


@dataclass(frozen=True, slots=True)
class Left:
    """A path and why it is left as it is."""

    path: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"path": shown(self.path), "reason": shown(self.reason)}


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore does, in the order of paths.

    `refused`: wanted, but it cannot be placed without touching what is not in the history, so the result is
    incomplete. `left`: what is on disk and stays, because the filter leaves it out or the history does not hold it.
    `cleared`: folders to remove once they are empty, the deepest first. `fetch_bytes`: what has to be read
    from the store (compressed), from `fetch_packs` packs.
    """

    mode: Mode
    path: str = ""
    steps: tuple[Step, ...] = ()
    refused: tuple[Left, ...] = ()
    left: tuple[Left, ...] = ()
    cleared: tuple[str, ...] = ()
    fetch_bytes: int = 0
    fetch_packs: int = 0

    @property
    def changes(self) -> bool:
        """Whether anything has to be done at all."""
        return bool(self.cleared) or any(step.act is not Act.KEEP for step in self.steps)

    @property
    def counts(self) -> dict[str, int]:
        """How many paths each act has, and how many are refused."""
        found = Counter(step.act.value for step in self.steps)
        return {**{act.value: found[act.value] for act in Act}, "refused": len(self.refused)}

    def said(self, words: Mapping[str, str]) -> str:
        """The counts for people, in the words of before or after."""
        return ", ".join(f"{count} {words.get(act, act)}" for act, count in self.counts.items() if count)

    @property
    def write_bytes(self) -> int:
        """How much the disk must hold on top of what it holds now."""
        return sum(step.size for step in self.steps if step.act in {Act.WRITE, Act.REPLACE})

    def of(self, *acts: Act) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.act in acts)

    def as_json(self) -> dict[str, Any]:
        """Whole in its counts; lists are cut at a thousand items each."""
        acting = [step.as_json() for step in self.steps if step.act is not Act.KEEP]
        return {
            "mode": self.mode.value,
            "path": shown(self.path) or None,
            "counts": self.counts,
            "write_bytes": self.write_bytes,
            "fetch_bytes": self.fetch_bytes,
            "fetch_packs": self.fetch_packs,
            "steps": acting[:SHOWN],
            "refused": [one.as_json() for one in self.refused[:SHOWN]],
            "left": [one.as_json() for one in self.left[:SHOWN]],
            "cut": len(acting) > SHOWN or len(self.refused) > SHOWN or len(self.left) > SHOWN,
        }

    def lines(self) -> Iterator[str]:
        """For people: one line per path that changes, then what is refused and left, then the sums."""
        for step in self.steps:
            if step.act is not Act.KEEP:
                yield f"{step.act.value:<8} {shown(step.path)}" + (f"  ({shown(step.reason)})" if step.reason else "")
        for folder in self.cleared:
            yield f"remove   {shown(folder)}/  (empty then)"
        for one in self.refused:
            yield f"REFUSED  {shown(one.path)}  ({shown(one.reason)})"
        for one in self.left:
            yield f"left     {shown(one.path)}  ({shown(one.reason)})"
        said = self.said(TO_DO)
        yield f"{said or 'nothing to do'}; {self.write_bytes} bytes to write, {self.fetch_bytes} to fetch"


def shown(path: str) -> str:
    """A path as people may see it: control characters and bytes that are not UTF-8 as escapes."""
    return _ODD.sub(_escaped, path)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else found[0].encode("unicode_escape").decode()
