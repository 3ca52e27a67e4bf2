"""What a framework turns into, and what its configuration file says plainly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitor.domain.detection.facts import Facts


@dataclass(frozen=True, slots=True)
class Built:
    """What a framework turns into: a folder to serve (`output`) or a server (`start`).

    `start` is a command, or `npm:NAME` for a script of package.json. `own_build`: the project's build script makes
    something else, `build` is what `start` needs. `own_start`: so does its start script, `start` is what runs here.
    """

    framework: str
    reason: str
    build: str | None = None
    output: str | None = None
    spa: bool = False
    start: str | None = None
    own_build: bool = False
    own_start: bool = False


Rule = Callable[[Facts, dict[str, Any], frozenset[str]], Built | None]


def config(facts: Facts, name: str) -> str:
    """The text of `name.config.*`, "" where there is none."""
    return "".join(facts.text(f"{name}.config.{end}") for end in ("js", "mjs", "cjs", "ts", "mts"))


def named(text: str, key: str) -> str | None:
    """A string option of a JavaScript configuration file, where it is written plainly.

    A path put together below the configuration's own folder counts as one.
    """
    here = r"(?:(?:path\.)?(?:resolve|join)\(\s*(?:__dirname|import\.meta\.dirname|process\.cwd\(\))\s*,\s*)?"
    match = re.search(rf"\b{key}\s*:\s*{here}['\"]([\w./@-]+)['\"]", text)
    return match[1] if match else None
