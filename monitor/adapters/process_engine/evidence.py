"""What can be told of an instance afterwards: why it ended, and the end of what it printed."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from monitor.adapters.process_engine.records import Ended

LINE_LIMIT = 4096
LINES_LIMIT = 5000
TAIL_BYTES = 512 * 1024
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def code_of(ended: Ended) -> int:
    """The exit code as a shell tells it: 128 + signal where it was killed."""
    return 128 - ended.code if ended.code < 0 else ended.code


def reason(ended: Ended | None) -> str:
    """Why it ended, for a person; None says its keeper was killed too."""
    if ended is None:
        return "killed together with its keeper"
    if ended.out_of_memory:
        return "out of memory (the machine's; killed by the kernel)"
    code = code_of(ended)
    if code == 127:
        return "exited with code 127 (command not found)"
    if code > 128 and (name := signal.strsignal(code - 128)):
        return f"killed by signal {code - 128} ({name})"
    return f"exited with code {code}"


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log of two files: text only, each and all of them bounded, oldest first."""
    data = _end(log, TAIL_BYTES)
    if len(data) < TAIL_BYTES:
        data = _end(log.with_name(log.name + ".1"), TAIL_BYTES - len(data)) + data
    wanted = max(0, min(lines, LINES_LIMIT))
    return [clean(line) for line in data.split(b"\n")[:-1] + _rest(data)][-wanted:] if wanted else []


def clean(line: bytes) -> str:
    """One line as text: no terminal escapes, no control characters, at most `LINE_LIMIT` characters."""
    text = line[: LINE_LIMIT * 4].decode("utf-8", "replace").rstrip("\r")
    text = "".join(char for char in _ESCAPES.sub("", text) if char.isprintable() or char == "\t")
    return text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + " …"


def _rest(data: bytes) -> list[bytes]:
    """An unfinished last line counts, nothing after the last newline does not."""
    rest = data.rpartition(b"\n")[2]
    return [rest] if rest else []


def _end(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            file.seek(max(0, length - size))
            return file.read(size)
    except OSError:
        return b""
