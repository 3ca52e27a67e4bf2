"""Whether a version satisfies a pin, in the notations of npm, pip, Composer, Bundler and Go."""

from __future__ import annotations

import re

Numbers = tuple[int, ...]


def satisfies(have: str, pin: str) -> bool | None:
    """Whether `have` (`20.19.2`) fits `pin` (`>=18 <21`, `^8.2`, `~> 3.2`, `3.11.*`, `20 || 22`).

    None where one of them cannot be read.
    A bare version names its release line: `3.12` and `3.12.4` are both satisfied by any 3.12, `20` by any 20.
    """
    mine = _numbers(have)
    if not mine:
        return None
    answers = [_all(mine, part) for part in re.split(r"\|\|?", pin)]
    if any(answers):
        return True
    return None if None in answers else False


def _all(have: Numbers, part: str) -> bool | None:
    """One alternative: every comparison in it must hold."""
    span = re.fullmatch(r"\s*v?([\d.]+)\s+-\s+v?([\d.]+)\s*", part)
    if span:
        part = f">={span[1]} <={span[2]}"
    terms = re.findall(r"(~>|~=|\^|~|>=|<=|===?|!=|>|<|=)?\s*v?(\d+(?:\.(?:\d+|[xX*]))*)", part)
    if not terms:
        return True if re.fullmatch(r"\s*[*xX]\s*|lts|latest", part) else None
    return all(_one(have, operator, text) for operator, text in terms)


def _one(have: Numbers, operator: str, text: str) -> bool:
    wanted = _numbers(text)
    match operator:
        case ">=":
            return _cut(have, wanted) >= wanted
        case ">":
            return _cut(have, wanted) > wanted
        case "<=":
            return _cut(have, wanted) <= wanted
        case "<":
            return _cut(have, wanted) < wanted
        case "!=":
            return _cut(have, wanted) != wanted
        case "^":
            keep = min(1 if wanted[0] or len(wanted) == 1 else 2, len(have))
            return have[:keep] == wanted[:keep] and _cut(have, wanted) >= wanted
        case "~":
            keep = min(2, len(have), len(wanted))
            return have[:keep] == wanted[:keep] and _cut(have, wanted) >= wanted
        case "~>" | "~=":
            keep = min(max(len(wanted) - 1, 1), len(have))
            return have[:keep] == wanted[:keep] and _cut(have, wanted) >= wanted
    return have[: min(len(wanted), 2)] == wanted[: min(len(wanted), len(have), 2)]


def _cut(have: Numbers, wanted: Numbers) -> Numbers:
    """`have` as long as `wanted`; a missing part counts as the newest (`3.13` fits `>=3.13.1`)."""
    if len(have) >= len(wanted):
        return have[: len(wanted)]
    return have + (10**6,) * (len(wanted) - len(have))


def _numbers(text: str) -> Numbers:
    match = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(n) for n in match[1].split(".")[:4]) if match and len(match[1]) < 40 else ()
