"""What a project of Poetry, PDM, uv or Pipenv declares, as pip takes it: for where its own tool cannot install it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from monitor.domain.detection.facts import Facts, table, word, words

_NUMBERS = re.compile(r"\d+(\.\d+)*")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def plain_install(facts: Facts, manager: str, servers: list[str]) -> str | None:
    """The install by pip alone, without the lock file; None where nothing is declared or pip installs it anyway."""
    wanted = declared(facts) if manager != "pip" else []
    if not wanted:
        return None
    return (
        f"python3 -m venv .venv && .venv/bin/pip install {' '.join(shlex.quote(one) for one in [*wanted, *servers])}"
    )


def declared(facts: Facts) -> list[str]:
    """The project's own requirements (PEP 508), without those of development, of paths and of repositories."""
    project = facts.toml("pyproject.toml")
    poetry = table(project, "tool", "poetry", "dependencies")
    found = [*words(table(project, "project").get("dependencies")), *_specs(poetry)]
    return found or _specs(table(facts.toml("Pipfile"), "packages"))


def _specs(given: Mapping[str, Any]) -> list[str]:
    return [made for name, spec in given.items() if name != "python" and (made := _spec(name, spec)) is not None]


def _spec(name: str, spec: object) -> str | None:
    if not isinstance(spec, str | dict) or not _NAME.fullmatch(name):
        return None
    details = spec if isinstance(spec, dict) else {}
    version = word(details.get("version")) if details else spec
    if details.get("optional") or (details and not {"version", "extras"} & set(details)):
        return None
    extras = ",".join(words(details.get("extras")))
    return f"{name}{f'[{extras}]' if extras else ''}{_range(str(version or '*'))}"


def _range(text: str) -> str:
    """Poetry's `^1.2` and `~1.2` as pip's ranges (Poetry's rules for version constraints)."""
    return ",".join(part for part in (_part(one.strip()) for one in text.split("||")[-1].split(",")) if part)


def _part(text: str) -> str:
    found = _NUMBERS.match(text.lstrip("^~"))
    if text in {"", "*"} or (text[0] in "^~" and not text.startswith("~=") and found is None):
        return ""
    if text[0] not in "^~" or text.startswith("~=") or found is None:
        return f"=={text}" if text[0].isdigit() else text.replace(" ", "")
    numbers = [int(one) for one in found[0].split(".")]
    if text[0] == "^":
        at = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
    else:
        at = min(1, len(numbers) - 1)
    return f">={found[0]},<{'.'.join(map(str, [*numbers[:at], numbers[at] + 1]))}"
