"""Small projects written for the tests: one text file each, what is expected first, then its files.

A case is YAML (expected fields of `slipway detect --json`), then `-- path --` lines, each before that path's text.
`NAME_has` expects a piece of a text, list or sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from monitor.domain.tree import Entry, Kind, Tree, tree_of

FOLDER = Path(__file__).parent.parent / "corpus"


@dataclass(frozen=True)
class Case:
    """One project: `name` is `type/what`, `files` its texts by path."""

    name: str
    expected: dict[str, Any]
    files: dict[str, str]

    @property
    def tree(self) -> Tree:
        return tree_of(Entry(p, Kind.FILE, size=len(t.encode())) for p, t in self.files.items())

    def unpack(self, folder: Path) -> Path:
        """Write the project below `folder`; returns `folder`."""
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder


def cases() -> list[Case]:
    """Every case, by name."""
    return [read(path) for path in sorted(FOLDER.glob("*/*.txt"))]


def case(name: str) -> Case:
    """One case, as `node/express-start`."""
    return read(FOLDER / f"{name}.txt")


def read(path: Path) -> Case:
    head, *parts = re.split(r"^-- (\S+) --\n", path.read_text(), flags=re.MULTILINE)
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    return Case(f"{path.parent.name}/{path.stem}", yaml.safe_load(head), files)
