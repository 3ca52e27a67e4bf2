"""A project's own one-line description of itself, from its manifest."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

MAX = 200


def described(texts: Mapping[str, str]) -> str:
    """The description in `package.json`, `composer.json` or `pyproject.toml`, "" where none says one."""
    for path, read in (("package.json", _json), ("composer.json", _json), ("pyproject.toml", _pyproject)):
        text = read(texts.get(path, ""))
        if isinstance(text, str) and text.strip():
            return " ".join(text.split())[:MAX]
    return ""


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value.get("description") if isinstance(value, dict) else None


def _pyproject(text: str) -> Any:
    try:
        value = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    project = value.get("project")
    return project.get("description") if isinstance(project, dict) else None
