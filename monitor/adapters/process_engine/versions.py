"""The versions of this machine's interpreters, asked of the programs once while they stay what they are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from monitor.adapters.process_engine.tools import Tools
from monitor.domain.launch import ProjectType
from monitor.ports.engine import LaunchFailed

_ASKING: dict[ProjectType, tuple[str, ...]] = {
    ProjectType.NODE: ("--version",),
    ProjectType.PHP: ("-r", "echo PHP_VERSION;"),
    ProjectType.GO: ("version",),
    ProjectType.RUBY: ("--version",),
}
_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GOTOOLCHAIN": "local", "LC_ALL": "C"}
_LONGEST_S = 10


class Versions:
    """What instances of each type run on. Blocking."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._known: dict[tuple[Path, int], str | None] = {}

    def of(self, kind: ProjectType) -> str | None:
        """`20.19.2`; None where there is no interpreter or it does not say."""
        if kind is ProjectType.PYTHON:
            return ".".join(map(str, sys.version_info[:3]))
        if kind not in _ASKING:
            return None
        try:
            program = self._tools.require(kind)[0]
            key = (program, program.stat().st_mtime_ns)
        except (LaunchFailed, OSError):
            return None
        if key not in self._known:
            self._known[key] = _asked([str(program), *_ASKING[kind]])
        return self._known[key]


def _asked(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, env=_ENV, cwd="/", timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(rb"\d+(\.\d+)+", done.stdout)
    return found[0].decode() if found and done.returncode == 0 else None
