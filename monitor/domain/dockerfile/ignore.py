"""`.dockerignore`: which files of a context a build does not see."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from monitor.domain.wildmatch import expression

MOST_PATTERNS = 1000


def ignored_by(text: str) -> Callable[[str], bool]:
    """A predicate over paths relative to the context.

    The last pattern that matches a path or a folder above it wins; `!` keeps.
    """
    rules: list[tuple[bool, re.Pattern[bytes]]] = []
    for line in text.splitlines()[:MOST_PATTERNS]:
        pattern = line.strip()
        body = "/".join(part for part in pattern.removeprefix("!").strip().split("/") if part not in {"", "."})
        glob = expression(os.fsencode(body), crosses_slashes=False) if body and not pattern.startswith("#") else None
        if glob is not None and ".." not in body.split("/"):
            rules.append((not pattern.startswith("!"), re.compile(glob, re.DOTALL)))

    def ignored(path: str) -> bool:
        answer = False
        for ignores, rule in rules:
            if answer is not ignores and any(rule.fullmatch(part) for part in _prefixes(path)):
                answer = ignores
        return answer

    return ignored


def _prefixes(path: str) -> list[bytes]:
    """The path and every folder above it."""
    parts = path.split("/")
    return [os.fsencode("/".join(parts[:count])) for count in range(len(parts), 0, -1)]
