"""What people asked for ("stopped on purpose"), kept over restarts of everything."""

from __future__ import annotations

from monitor.domain.workspace import Intent
from monitor.ports.state_files import StateFiles

FILE = "intents.json"


class Intents:
    """Intent per workspace name; running is the default and is not written down."""

    def __init__(self, files: StateFiles) -> None:
        self._files = files
        kept = files.read(FILE)
        self._stopped: set[str] = set(kept.get("stopped", [])) if isinstance(kept, dict) else set()

    def of(self, name: str) -> Intent:
        return Intent.STOP if name in self._stopped else Intent.RUN

    def set(self, name: str, intent: Intent) -> bool:
        """Record an intent on disk before anything acts on it; returns whether it changed."""
        wanted = self._stopped | {name} if intent is Intent.STOP else self._stopped - {name}
        if wanted == self._stopped:
            return False
        self._files.write(FILE, {"stopped": sorted(wanted)})
        self._stopped = wanted
        return True
