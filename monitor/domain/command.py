"""One command run in a short-lived instance of a workspace, and what of its working copy may come back."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor.domain.launch import LaunchSpec, Rewrite, Source

NEVER_BACK = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj"),
        *("node_modules", ".venv", "venv", "vendor", ".go", ".bundle", ".pnpm-store", ".yarn"),
        *("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".cache", ".parcel-cache"),
    }
)
"""Folders of tools: they come back only where the source has them itself."""
OURS = frozenset({".container-ready", ".slipway-files"})
"""Names at the top of an app folder that belong to the entrypoint."""


@dataclass(frozen=True, slots=True)
class Command:
    """`id` (hex digits) tells one run from every other; `argv` is run as it is, by no shell of ours."""

    id: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its code as a shell tells it (128 + signal), and why where it was killed."""

    exit_code: int
    reason: str = ""


def once(spec: LaunchSpec, argv: Iterable[str]) -> LaunchSpec:
    """`spec` with `argv` in the place of its server: on a working copy, set up, not built, not served."""
    start = f"exec {shlex.join(argv)}"
    return replace(
        spec, start=start, build=None, source=Source.COPY, read_only=False, rewrite=Rewrite.NEVER, docroot=""
    )


class ComesBack:
    """Which paths of a working copy are worth a look; dependency folders would cost minutes.

    `files` are those the copy was made of, `data` the paths that live in the data volume.
    """

    def __init__(self, files: Iterable[str], data: Iterable[str]) -> None:
        self._data = tuple(path.strip("/") for path in data)
        above = {parent for path in files for parent in _with_parents(path)}
        self._known = frozenset(path for path in above if path.rpartition("/")[2] in NEVER_BACK)

    @property
    def nowhere(self) -> tuple[str, ...]:
        """The names of tools' folders that come back from nowhere: these need not even be read."""
        return tuple(sorted(NEVER_BACK - {path.rpartition("/")[2] for path in self._known}))

    def __call__(self, path: str) -> bool:
        """Whether `path` (relative, plain) is brought back."""
        if path in OURS or any(path == one or path.startswith(f"{one}/") for one in self._data):
            return False
        tools = (parent for parent in _with_parents(path) if parent.rpartition("/")[2] in NEVER_BACK)
        return all(parent in self._known for parent in tools)


def _with_parents(path: str) -> Iterable[str]:
    end = -1
    while (end := path.find("/", end + 1)) >= 0:
        yield path[:end]
    yield path
