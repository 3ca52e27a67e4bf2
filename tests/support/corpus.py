"""Small projects written for the tests: one text file each, what is expected first, then its files.

A case is YAML (expected fields of `slipway detect --json`), then `-- path --` lines, each before that path's text.
`NAME_has` expects a piece of a text, list or sentence. A `.cases` file holds many, each after a line `=== name`; a
path's text may begin on the path's own line there.
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
    single = [read(path) for path in sorted(FOLDER.glob("*/*.txt"))]
    return [*single, *(one for path in sorted(FOLDER.glob("*/*.cases")) for one in read_many(path))]


def case(name: str) -> Case:
    """One case, as `node/express-start`, or `node/managers-volta` of a `.cases` file."""
    path = FOLDER / f"{name}.txt"
    return read(path) if path.exists() else next(one for one in cases() if one.name == name)


def read(path: Path) -> Case:
    head, *parts = re.split(r"^-- (\S+) --\n", path.read_text(), flags=re.MULTILINE)
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    return Case(f"{path.parent.name}/{path.stem}", yaml.safe_load(head), files)


def read_many(path: Path) -> list[Case]:
    """Every case of a `.cases` file, named `type/file-name`."""
    _, *parts = re.split(r"^=== (\S+)\n", path.read_text(), flags=re.MULTILINE)
    found = []
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        head, *files = re.split(r"^-- (\S+) --[ ]?", text, flags=re.MULTILINE)
        texts = {where: given.removeprefix("\n") for where, given in zip(files[::2], files[1::2], strict=True)}
        found.append(Case(f"{path.parent.name}/{path.stem}-{name}", yaml.safe_load(head), texts))
    return found
