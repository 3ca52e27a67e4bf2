"""What this working copy was made from, kept in it: a restarted container knows which files are whose."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from itertools import islice

from listing import NOT_THE_APPS_OWN
from places import OURS, STATE_FILE

MOST_WRITTEN = 50
_COARSE_NS = 20_000_000
"""How far a file system's clock may lag behind the one we read."""


class State:
    """The list and digest last applied, and when our own tools wrote: the rest is the app's own work."""

    def __init__(self, app: str, now_ns: int) -> None:
        self._app = app
        self._path = os.path.join(app, STATE_FILE)
        self.files: list[str] = []
        self.digest = ""
        self._since = now_ns
        self._builds: list[tuple[int, int]] = []
        self._load()

    def _load(self) -> None:
        try:
            with open(self._path, "rb") as file:
                head, *files = file.read().split(b"\0")
            known = json.loads(head)
            self.digest, self._since = known["digest"], known["since"]
            self._builds = [(start, end) for start, end in known["builds"]]
            self.files = [os.fsdecode(raw) for raw in files if raw]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return

    def save(self, files: list[str], digest: str) -> None:
        """Remember these; a crash leaves the old state or the new one."""
        self.files, self.digest = files, digest
        head = {"digest": digest, "since": self._since, "builds": self._builds}
        part = f"{self._path}.part"
        with open(part, "wb") as file:
            file.write(b"\0".join([json.dumps(head).encode(), *map(os.fsencode, files)]))
        os.replace(part, self._path)

    def built(self, start_ns: int, end_ns: int) -> None:
        """What was written in this time, our tools wrote."""
        self._builds = [*self._builds[-99:], (start_ns - _COARSE_NS, end_ns)]

    def written(self) -> list[str]:
        """The first paths the app itself wrote: not listed, no dependency, not made by an install or build."""
        listed = set(self.files)
        return sorted(islice((path for path in self._others() if path not in listed), MOST_WRITTEN))

    def _others(self) -> Iterator[str]:
        for folder, names, files in os.walk(self._app):
            names[:] = [name for name in names if name not in NOT_THE_APPS_OWN]
            for name in files:
                full = os.path.join(folder, name)
                path = os.path.relpath(full, self._app)
                if path.removesuffix(".part") not in OURS and self._by_app(full):
                    yield path

    def _by_app(self, full: str) -> bool:
        try:
            info = os.lstat(full)
        except OSError:
            return False
        changed = info.st_ctime_ns
        ours = any(start <= changed <= end for start, end in self._builds)
        return not stat.S_ISLNK(info.st_mode) and changed > self._since - _COARSE_NS and not ours
