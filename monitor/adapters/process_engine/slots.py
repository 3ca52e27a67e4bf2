"""App folders: dependencies stay in them from start to start, everything else goes.

A folder is `<deps key>-<number>`; beside it `<deps key>-<number>.json` lists what the install left, and says so by
being there: a folder without it is half made and never used. Two generations with equal dependencies get two.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from monitor.adapters.process_engine import records
from monitor.adapters.process_engine.places import Places, remove

PLAIN = "plain"
KEPT_IDLE = 2
_CLOSED = frozenset({"node_modules", ".venv", "vendor"})


class Slots:
    """The app folders of every workspace; all calls are blocking, one at a time per workspace."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.taking = threading.Lock()
        """Held from the choice of a folder until a record says whose it is."""

    def idle(self, workspace: str, key: str) -> Path | None:
        """A complete folder with these dependencies that no instance has; None where one must be made."""
        busy = self._busy(workspace)
        return next((slot for slot in self._complete(workspace) if _key(slot) == key and slot.name not in busy), None)

    def make(self, workspace: str, key: str) -> Path:
        """A new empty folder; nothing uses it before `complete`."""
        busy = self._busy(workspace)
        apps = self.places.apps(workspace)
        number = next(
            n
            for n in range(len(busy) + 1_000)
            if f"{key}-{n}" not in busy and not _mark(apps / f"{key}-{n}").exists()
        )
        slot = apps / f"{key}-{number}"
        remove(slot)
        return self.places.make_own(slot)

    def complete(self, slot: Path) -> None:
        """What is in the folder now is what every later start finds in it."""
        records.replace(_mark(slot), json.dumps(sorted(_listing(slot))).encode())

    def reset(self, slot: Path) -> None:
        """Remove what earlier instances left, down to what `complete` saw."""
        kept = frozenset(json.loads(_mark(slot).read_bytes()))
        for folder, folders, files in os.walk(slot):
            for name in [*folders, *files]:
                if _relative(slot, folder, name) not in kept:
                    remove(Path(folder) / name)
            folders[:] = [n for n in folders if n not in _CLOSED and _relative(slot, folder, n) in kept]

    def trim(self, workspace: str, keep: int = KEPT_IDLE) -> list[str]:
        """Remove half-made folders and all but the newest idle ones; returns the names removed."""
        apps, busy = self.places.apps(workspace), self._busy(workspace)
        if not apps.is_dir():
            return []
        complete = [slot for slot in self._complete(workspace) if slot.name not in busy]
        complete.sort(key=lambda slot: _mark(slot).stat().st_mtime_ns, reverse=True)
        stay = busy | {slot.name for slot in complete[:keep]}
        gone = [path for path in apps.iterdir() if path.is_dir() and path.name not in stay]
        for slot in gone:
            _mark(slot).unlink(missing_ok=True)
            remove(slot)
        return [slot.name for slot in gone]

    def _busy(self, workspace: str) -> set[str]:
        folder = self.places.workspace(workspace)
        found = [records.read(path.parent) for path in folder.glob(f"*/{records.RECORD}")]
        return {Path(record.slot).name for record in found if record is not None}

    def _complete(self, workspace: str) -> list[Path]:
        marks = sorted(self.places.apps(workspace).glob("*.json"))
        return [slot for mark in marks if (slot := mark.with_suffix("")).is_dir()]


def _key(slot: Path) -> str:
    return slot.name.rpartition("-")[0]


def _mark(slot: Path) -> Path:
    return slot.with_name(f"{slot.name}.json")


def _relative(root: Path, folder: str, name: str) -> str:
    return os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118 -- names may be any bytes


def _listing(root: Path) -> Iterator[str]:
    """Every path below `root`, dependency folders as one each."""
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            yield _relative(root, folder, name)
        folders[:] = [name for name in folders if name not in _CLOSED]
