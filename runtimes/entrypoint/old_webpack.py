"""Builds by an old webpack, on a Node that no longer has the hash it uses."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping

_NEEDS = (5, 61)
"""From here on webpack brings its own MD4 (webpack 5.61.0, https://github.com/webpack/webpack/releases)."""
_MOST = 1 << 20


def node_options(app: str, shim: str, env: Mapping[str, str]) -> dict[str, str]:
    """NODE_OPTIONS for the tools of `app`, which load `shim`; nothing where no old webpack is installed there."""
    if not any(_is_old(folder) for folder in _folders(app)):
        return {}
    return {"NODE_OPTIONS": f"{env.get('NODE_OPTIONS', '')} --require={shim}".strip()}


def _folders(app: str) -> list[str]:
    """The project's own folder, and those directly in it."""
    try:
        inside = sorted(entry.path for entry in os.scandir(app) if entry.is_dir(follow_symlinks=False))
    except OSError:
        inside = []
    return [app, *inside[:100]]


def _is_old(folder: str) -> bool:
    try:
        with open(os.path.join(folder, "node_modules", "webpack", "package.json"), encoding="utf-8") as file:
            version = json.loads(file.read(_MOST)).get("version")
    except (OSError, ValueError, AttributeError, RecursionError):
        return False
    found = re.match(r"(\d{1,4})\.(\d{1,4})\.", version) if isinstance(version, str) else None
    return found is not None and (int(found[1]), int(found[2])) < _NEEDS
