"""Module addresses in a page's own text: import maps and inline module scripts."""

from __future__ import annotations

import re

from monitor.domain.prefix.urls import Mount

_SPECIFIER = re.compile(r"(\b(?:from|import)\s*+(?:\(\s*+)?)([\"'])(/[^\"'\s\\]*)\2")
_TEXT = re.compile(r"\"(/[^\"\\]*)\"")


def import_map(text: str, mount: Mount) -> str:
    """The map with its addresses, and those it maps from, below the prefix."""
    return _TEXT.sub(lambda m: f'"{mount.public(m[1])}"', text)


def module(text: str, mount: Mount) -> str:
    """A module script with its `import … from "/x"`, `import "/x"` and `import("/x")` below the prefix."""
    return _SPECIFIER.sub(lambda m: f"{m[1]}{m[2]}{mount.public(m[3])}{m[2]}", text)
