"""Addresses in style sheets: found, and put below the prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.domain.prefix.urls import Mount

_TOKEN = re.compile(
    r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|\burl\(\s*+(?:\"(?P<a>[^\"\\\n]*+)\"|'(?P<b>[^'\\\n]*+)'|(?P<c>[^\"'()\s\\]++))\s*+\)"
    r"|@import\s++(?:\"(?P<d>[^\"\\\n]*+)\"|'(?P<e>[^'\\\n]*+)')",
    re.IGNORECASE | re.DOTALL,
)
_GROUPS = ("a", "b", "c", "d", "e")


def rewritten(text: str, mount: Mount) -> str:
    """The style sheet with every root-absolute `url(…)` and `@import` below the prefix."""

    def put(found: re.Match[str]) -> str:
        group = next((g for g in _GROUPS if found[g] is not None), None)
        if group is None:
            return found[0]
        start, end = found.start(group) - found.start(), found.end(group) - found.start()
        return found[0][:start] + mount.public(found[group]) + found[0][end:]

    return _TOKEN.sub(put, text)


def addresses(text: str) -> Iterator[str]:
    """Every address a style sheet names, in order; comments do not count."""
    for found in _TOKEN.finditer(text):
        url = next((found[g] for g in _GROUPS if found[g]), None)
        if url and not url.startswith(("data:", "#")):
            yield url
