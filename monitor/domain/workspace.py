"""A workspace: one folder directly under the root, its name, its phase and what a person asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

NAME = re.compile(r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\Z")
RESERVED = frozenset({"monitor", "_slipway"})


class Phase(StrEnum):
    """Where a workspace stands, as shown to people and programs."""

    DETECTED = "detected"
    STARTING = "starting"
    SERVING = "serving"
    STOPPED = "stopped"
    PARKED = "parked"
    ARCHIVED = "archived"
    FAILED = "failed"


class Intent(StrEnum):
    """What a person asked for; survives restarts of everything."""

    RUN = "run"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Folder:
    """One entry directly under the workspaces root, as found on disk.

    `born` orders folders by age (birth or change time, ns); `inode` follows a folder through a rename.
    """

    folder: str
    inode: int
    born: int


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A folder that cannot be a workspace, and why."""

    folder: str
    reason: str


def name_of(folder: str) -> str | None:
    """The workspace name a folder's name turns into, or None where it cannot be turned.

    Lower-cased, runs of other characters become one `-`, edges trimmed: `My_App (1)` → `my-app-1`.
    """
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return name if NAME.match(name) else None


def why_unnamed(folder: str) -> str:
    """The sentence for a folder `name_of` could not turn."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    if not name:
        return "its name has no letter or digit from a-z, 0-9"
    return f"its name is too long: {len(name)} characters after conversion, at most 40 are allowed"


def assign_names(folders: Iterable[Folder]) -> tuple[dict[str, Folder], tuple[Unnamed, ...]]:
    """Names for folders: of two folders with one name the older keeps it, the other is listed with the reason."""
    named: dict[str, Folder] = {}
    refused: list[Unnamed] = []
    for folder in sorted(folders, key=lambda f: (f.born, f.folder)):
        if folder.folder.startswith("."):
            continue
        if folder.folder.lower() in RESERVED:
            refused.append(Unnamed(folder.folder, f"the name '{folder.folder.lower()}' is reserved"))
            continue
        name = name_of(folder.folder)
        if name is None:
            refused.append(Unnamed(folder.folder, why_unnamed(folder.folder)))
        elif name in RESERVED:
            refused.append(Unnamed(folder.folder, f"the name '{name}' is reserved"))
        elif name in named:
            holder = named[name].folder
            refused.append(
                Unnamed(folder.folder, f"its name becomes '{name}', which the older folder '{holder}' already has")
            )
        else:
            named[name] = folder
    return named, tuple(refused)
