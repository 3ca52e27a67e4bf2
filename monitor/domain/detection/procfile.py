"""Procfile: the `web:` line, which says more than anything that could be guessed."""

from __future__ import annotations

import re

from monitor.domain.detection.facts import Facts

PATH = "Procfile"
EVIDENCE = "Procfile names the `web:` process"


def web(facts: Facts) -> str | None:
    """The command of `web:` in Procfile, or None."""
    for line in facts.text(PATH).splitlines():
        match = re.match(r"\s*web\s*:\s*(\S.*)$", line)
        if match:
            return match[1].strip()
    return None


def release(facts: Facts) -> str | None:
    """The command of `release:` (migrations and the like), or None."""
    for line in facts.text(PATH).splitlines():
        match = re.match(r"\s*release\s*:\s*(\S.*)$", line)
        if match:
            return match[1].strip()
    return None
