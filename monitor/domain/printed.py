"""What a command prints, as it comes, turned into plain text: no terminal escapes, no endless line."""

from __future__ import annotations

import re

LINE_BYTES = 16 * 1024
LINE_CHARS = 4000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Printed:
    """Takes bytes in any pieces, gives whole lines; a line longer than `LINE_BYTES` loses its middle and end."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def waiting(self) -> bool:
        """Whether there is an unfinished line."""
        return bool(self._rest)

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole now."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LINE_BYTES]
        return [plain(line) for line in whole]

    def end(self) -> list[str]:
        """The unfinished line, as far as it came."""
        rest, self._rest = self._rest, b""
        return [plain(rest)] if rest else []


def plain(line: bytes) -> str:
    """One line as text; of what a progress bar overwrote the last stays."""
    text = line[:LINE_BYTES].decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
    text = _CONTROLS.sub("", _ESCAPES.sub("", text))
    return text if len(text) <= LINE_CHARS else f"{text[:LINE_CHARS]} …"
