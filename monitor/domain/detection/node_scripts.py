"""What a script of package.json comes to: the scripts it calls, put where it calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

MOST_CALLS = 40
LONGEST = 16_000
"""What is put in place at most, so that scripts calling each other many times over stay short."""
_VERBS = r"(?:(?:npm|pnpm) (?:run(?:-script)? )?|yarn (?:run )?|bun run |node --run )"
_CALL = re.compile(rf"(?<![\w./-]){_VERBS}(?:-s |--silent )?([\w:.-]+)")
_FOLDER = re.compile(r"(?:\s+-\S+)*?\s+(?:--prefix|--cwd|-C|-w|--workspaces?|-ws)\b")
_SEVERAL = re.compile(r"(?<![\w./-])(npm-run-all|run-s|run-p)((?: +[\w:.-]+)+)")


def whole(scripts: Mapping[str, str], name: str) -> str:
    """The text of a script with all it calls in place, "" where there is none of this name."""
    return _expanded(scripts, scripts.get(name, ""), iter(range(MOST_CALLS)))[:LONGEST]


def calls(scripts: Mapping[str, str], name: str) -> frozenset[str]:
    """The names of the scripts it runs, its `pre` script and what those run included."""
    found: set[str] = set()
    waiting = [scripts.get(f"pre{name}", ""), scripts.get(name, "")]
    while waiting:
        new = set(_called(scripts, waiting.pop())) - found
        found |= new
        waiting += [scripts[one] for one in new]
    return frozenset(found)


def _called(scripts: Mapping[str, str], text: str) -> list[str]:
    names = [match[1] for match in _CALL.finditer(text) if not _elsewhere(text, match)]
    names += [one for match in _SEVERAL.finditer(text) for one in match[2].split()]
    return [one for one in names if one in scripts]


def _elsewhere(text: str, match: re.Match[str]) -> bool:
    """Whether a call is one of another package's scripts, in a folder the text goes into or names."""
    return re.search(r"\bcd ", text[: match.start()]) is not None or _FOLDER.match(text, match.end()) is not None


def _expanded(scripts: Mapping[str, str], text: str, left: Iterator[int]) -> str:
    """`text` with its calls replaced as long as `left` has something left."""

    def of(name: str) -> str | None:
        return None if next(left, None) is None else _expanded(scripts, scripts[name], left)

    def one(match: re.Match[str]) -> str:
        own = match[1] in scripts and not _elsewhere(text, match)
        return (of(match[1]) if own else None) or match[0]

    def several(match: re.Match[str]) -> str:
        together = " & " if match[1] == "run-p" else " && "
        parts = (of(name) for name in match[2].split() if name in scripts)
        return together.join(part for part in parts if part) or match[0]

    return _SEVERAL.sub(several, _CALL.sub(one, text))
