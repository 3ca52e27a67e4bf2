"""What is said and how: data on stdout, talk on stderr, no meaning in colour alone, no control codes let through."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from monitor.errors import SlipwayError

STYLES = {"serving": "green", "starting": "yellow", "failed": "bold red", "ok": "green", "warning": "yellow"}
STYLES |= {"refused": "bold red", "yes": "green", "no": "yellow"}


def plain(text: object) -> str:
    """Text from a log or a file name as one line a terminal only shows: control characters become `\\x1b`."""
    printable = str(text).encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in printable)


def out(text: str = "", style: str | None = None) -> None:
    """One line of what was asked for."""
    _console(stderr=False).print(Text(plain(text), style=style or ""), soft_wrap=True)


def out_json(value: Any) -> None:
    """What was asked for, for programs."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


_hushed = False


def hush(*, on: bool = True) -> None:
    """From now on no talk, only what was asked for and errors (or talk again)."""
    global _hushed
    _hushed = on


def hushed() -> bool:
    """Whether nobody wants talk."""
    return _hushed


def say(text: str) -> None:
    """One line of talk."""
    if _hushed:
        return
    _console(stderr=True).print(Text(plain(text)), soft_wrap=True)


def complain(error: SlipwayError) -> None:
    """An error and what to try."""
    console = _console(stderr=True)
    console.print(Text.assemble(("error: ", "bold red"), plain(error.message)), soft_wrap=True)
    if error.hint:
        console.print(Text.assemble(("hint: ", "bold"), plain(error.hint)), soft_wrap=True)


def amount(size: int) -> str:
    """Bytes for people: `312 B`, `4.1 KB`, `1.2 GB`."""
    value, unit = float(size), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def columns(rows: Iterable[Sequence[object]], heads: Sequence[str]) -> None:
    """A table: aligned, never cut, so that `grep` and `awk` work on it."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[i]) for row in [list(heads), *cells]) for i in range(len(heads))]
    console = _console(stderr=False)
    console.print(_line(list(heads), widths, "bold"), soft_wrap=True)
    for row in cells:
        console.print(_line(row, widths), soft_wrap=True)


def _line(row: list[str], widths: list[int], style: str = "") -> Text:
    line = Text(style=style)
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        last = index == len(row) - 1
        line.append(cell + ("" if last else " " * (width - cell_len(cell) + 2)), STYLES.get(cell, ""))
    return line


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Whoever read us has seen enough; the command itself knows what that means."""
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    """A new one each time: it looks at NO_COLOR and at where its stream goes now."""
    return _Console(stderr=stderr, highlight=False, markup=False, emoji=False)
