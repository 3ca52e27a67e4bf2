"""What a program printed, made safe to show in colour: colours stay, everything else a terminal would obey is gone.

ECMA-48: `ESC [ … m` (SGR) chooses colours; every other escape sequence moves, erases, asks or names windows.
"""

from __future__ import annotations

import re

LINE = 8192
"""The most characters of one line; what is cut off is said."""
_TOKENS = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]{0,60}m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    # Controls, and marks that turn the direction of writing around.
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def coloured(line: bytes, whole: int | None = None) -> str:
    """One line as text with its colours; `whole` is its true length in bytes where `line` is only its beginning.

    Of what a progress bar overwrote, the last stays.
    """
    text = line[: LINE * 4].decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
    clean = _TOKENS.sub(lambda found: found["colour"] or "", text)
    length = len(line) if whole is None else whole
    if len(clean) <= LINE and length <= LINE * 4:
        return clean
    return f"{clean[:LINE]}\x1b[0m … (a line of {length} bytes, cut)"
