"""Whether a version satisfies a pin, in the notations of npm, pip, Composer, Bundler and Go."""

from __future__ import annotations

import re
from enum import StrEnum

Numbers = tuple[float, ...]
_PARTS = 3
_NEWEST, _END = 10**6, float("inf")
_TERM = re.compile(r"(~>|~=|\^|~|>=|<=|===?|!=|>|<|=)?\s*v?(\d+(?:\.\d+)*(?:\.[xX*])*)")
_ANYTHING = re.compile(r"\s*(\*|[xX]|lts|latest)(?![\w.])", re.IGNORECASE)


class Dialect(StrEnum):
    """Whose reading of `~`, `>1` and a bare version holds; npm's where nothing else is known."""

    NPM = "npm"
    PIP = "pip"
    COMPOSER = "composer"
    BUNDLER = "bundler"
    GO = "go"


def satisfies(have: str, pin: str, dialect: Dialect = Dialect.NPM) -> bool | None:
    """Whether `have` (`20.19.2`, `3.13`) fits `pin` (`>=18 <21`, `^8.2`, `~> 3.2`, `3.11.*`, `20 || 22`).

    None where one of them cannot be read. What `have` leaves out counts as the newest (`3.13` fits `>=3.13.1`).
    A full version names its release line, which for Node is the first number and else the first two: `3.12.4` is
    satisfied by any 3.12, `20.11.1` by any 20. Go's line is a floor.
    """
    mine = _numbers(have)
    if not mine:
        return None
    answers = [_all((*mine, *(_NEWEST,) * (_PARTS - len(mine))), part, dialect) for part in re.split(r"\|\|?", pin)]
    if any(answers):
        return True
    return None if None in answers else False


def line_of(version: str, dialect: Dialect) -> str:
    """The release line of a version: `20.11.1` → `20`, `3.12.4` → `3.12`; "" where it cannot be read."""
    return ".".join(str(number) for number in _numbers(version)[: _line(dialect)])


def bare(pin: str) -> str:
    """The version a pin names without any range (`v20.11.1`, `==3.12.*`), "" for every other pin."""
    found = re.fullmatch(r"\s*(?:={1,3})?\s*v?(\d+(?:\.\d+)*)(?:\.[xX*])*(?:[-+a-z][\w.+-]*)?\s*", pin)
    return found[1] if found else ""


def _all(have: Numbers, part: str, dialect: Dialect) -> bool | None:
    """One alternative: every comparison in it must hold."""
    span = re.fullmatch(r"\s*v?([\d.]+)\s+-\s+v?([\d.]+)\s*", part)
    if span:
        return _within(have, *_up_to(span[1], span[2]))
    terms = _TERM.findall(part)
    if not terms:
        return True if _ANYTHING.match(part) else None
    return all(_one(have, operator, text, dialect) for operator, text in terms)


def _up_to(first: str, last: str) -> tuple[Numbers, Numbers]:
    return _numbers(first), _after(_numbers(last))


def _one(have: Numbers, operator: str, text: str, dialect: Dialect) -> bool:
    wanted = _numbers(re.sub(r"(\.[xX*])+$", "", text))
    if operator == "!=":
        return not _within(have, wanted, _after(wanted))
    return _within(have, *_bounds(operator or "", wanted, dialect))


def _bounds(operator: str, wanted: Numbers, dialect: Dialect) -> tuple[Numbers, Numbers]:
    """The lowest version that fits and the lowest above it that does not."""
    loose = dialect is Dialect.NPM
    match operator:
        case ">=":
            return wanted, (_END,)
        case ">":
            return (_after(wanted) if loose else _just_above(wanted)), (_END,)
        case "<=":
            return (), (_after(wanted) if loose else _just_above(wanted))
        case "<":
            return (), wanted
        case "^":
            first = next((at for at, number in enumerate(wanted) if number), len(wanted) - 1)
            return wanted, _after(wanted[: first + 1])
        case "~" if dialect in {Dialect.NPM, Dialect.PIP, Dialect.GO}:
            return wanted, _after(wanted[:2])
        case "~" | "~>" | "~=":
            return wanted, _after(wanted[: max(len(wanted) - 1, 1)])
    if dialect is Dialect.GO:
        return wanted, (_END,)
    line = wanted[: _line(dialect)]
    return line, _after(line)


def _line(dialect: Dialect) -> int:
    return 1 if dialect is Dialect.NPM else 2


def _within(have: Numbers, low: Numbers, end: Numbers) -> bool:
    return _padded(low) <= _padded(have) < _padded(end)


def _padded(numbers: Numbers) -> Numbers:
    return (*numbers, *(0,) * (_PARTS - len(numbers)))


def _after(numbers: Numbers) -> Numbers:
    """The first version of the next line: `(3, 12)` → `(3, 13)`."""
    return (*numbers[:-1], numbers[-1] + 1)


def _just_above(numbers: Numbers) -> Numbers:
    return (*_padded(numbers), 0)


def _numbers(text: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(n) for n in match[1].split(".")[:_PARTS]) if match and len(match[1]) < 40 else ()
