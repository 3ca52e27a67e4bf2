"""Which paths a working copy consists of: the given list, or a walk of the source."""

from __future__ import annotations

import os

from places import OURS, Places, say

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".jj"})
DEPENDENCIES = frozenset({"node_modules", ".venv", "venv", "vendor", ".go", ".bundle", ".pnpm-store", ".yarn"})
CACHES = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".cache", ".parcel-cache"})

NEVER_COPIED = VERSION_CONTROL | CACHES | (DEPENDENCIES - {"vendor", ".yarn", ".bundle"})
NOT_THE_APPS_OWN = VERSION_CONTROL | CACHES | DEPENDENCIES


def digest(places: Places) -> str:
    """The name of the state the list describes, empty where none is given."""
    try:
        with open(os.path.join(places.control, "digest"), encoding="ascii", errors="replace") as file:
            return file.read(200).strip()
    except FileNotFoundError:
        return ""


def wanted(places: Places) -> list[str]:
    """Relative paths, safe to join to a folder, without our own names; the odd ones are named and left out."""
    try:
        with open(os.path.join(places.control, "files"), "rb") as file:
            paths = [os.fsdecode(raw) for raw in file.read().split(b"\0") if raw]
    except FileNotFoundError:
        return _walk(places.source)
    for path in paths:
        if not is_inside(path):
            say(f"left out, not a path inside the workspace: {path!r}")
    return [path for path in paths if is_inside(path) and path not in OURS]


def is_inside(path: str) -> bool:
    """A plain relative path: joined to a folder it cannot lead out of it."""
    return bool(path) and not path.startswith("/") and not {"", ".", ".."} & set(path.split("/"))


def _walk(source: str) -> list[str]:
    found: list[str] = []
    for folder, names, files in os.walk(source):
        at = os.path.relpath(folder, source)
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        names[:] = [name for name in names if name not in NEVER_COPIED and name not in links]
        here = [*files, *links] or ([] if names or at == "." else [""])
        found += (os.path.normpath(os.path.join(at, name)) for name in here)
    return [path for path in found if path not in OURS]
