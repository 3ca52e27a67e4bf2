"""What can be seen of a container: why it ended, what it said, where it really listens."""

from __future__ import annotations

import re
import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from monitor.adapters.docker_engine.rendering import Json
from monitor.domain.instance import Running

MOST_LINES = 500
_LINE, _TOTAL = 4_000, 256 * 1024
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DOCKER_DNS = "127.0.0.11"
_LISTEN = "0A"


def state_of(status: str) -> Running:
    """Docker's word for a container's state in ours: everything that is neither new nor alive has ended."""
    if status == "created":
        return Running.CREATED
    return Running.RUNNING if status in {"running", "restarting", "paused"} else Running.EXITED


def addresses(row: Json) -> set[str]:
    """The addresses a container, as Docker lists or inspects it, has in its networks."""
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    return {str(one["IPAddress"]) for one in networks.values() if one.get("IPAddress")}


def exit_of(inspected: Json) -> tuple[int | None, str]:
    """Exit code and reason, `(None, "")` while it runs."""
    state = inspected["State"]
    if state_of(state["Status"]) is not Running.EXITED:
        return None, ""
    code = int(state.get("ExitCode", 0))
    if state.get("OOMKilled"):
        return code, f"out of memory (limit {inspected['HostConfig']['Memory'] // 1024**2} MiB)"
    if state.get("Error"):
        return code, str(state["Error"])
    return code, _reason(code)


def _reason(code: int) -> str:
    if code <= 128:
        return f"exited with code {code}"
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        return f"exited with code {code}"
    return f"killed by signal {code - 128} ({name})"


def nanoseconds(text: str) -> int:
    """Docker's RFC 3339 time with nanoseconds as ns since the epoch; 0 for its "never"."""
    if not text or text.startswith("0001"):
        return 0
    whole, _, rest = text.partition(".")
    fraction = re.match(r"\d*", rest)
    seconds = int(datetime.fromisoformat(whole.rstrip("Z") + "+00:00").timestamp())
    return seconds * 10**9 + int((fraction.group() if fraction else "").ljust(9, "0")[:9] or 0)


def text_lines(raw: bytes, most: int) -> list[str]:
    """The last `most` lines as plain text: no escape sequences, no control characters, bounded in length and sum."""
    lines: list[str] = []
    room = _TOTAL
    for line in reversed(raw.split(b"\n")):
        if not line and not lines:
            continue
        clean = _clean(line[: _LINE * 4].decode("utf-8", "replace").rstrip("\r"))
        room -= len(clean)
        if room < 0 or len(lines) == most:
            break
        lines.append(clean)
    return lines[::-1]


def _clean(line: str) -> str:
    text = _CONTROLS.sub("", _ESCAPES.sub("", line.rpartition("\r")[2]))
    return text if len(text) <= _LINE else f"{text[:_LINE]}…"


def listening(pid: int, container_id: str) -> tuple[str, ...]:
    """The TCP sockets listened on in the container's network, read from its first process; empty where hidden."""
    proc = Path("/proc") / str(pid)
    with suppress(OSError):
        if pid and container_id in (proc / "cgroup").read_text("utf-8"):
            rows = [(proc / "net" / name).read_text("ascii").splitlines()[1:] for name in ("tcp", "tcp6")]
            found = {_socket(line.split()) for lines in rows for line in lines}
            return tuple(sorted(address for address in found if address))
    return ()


def _socket(row: list[str]) -> str:
    address, _, port = row[1].partition(":")
    text = _address(address)
    return f"{text}:{int(port, 16)}" if row[3] == _LISTEN and text != _DOCKER_DNS else ""


def _address(text: str) -> str:
    """An address as /proc/net prints it: 32-bit words in the machine's byte order."""
    if len(text) == 8:
        return ".".join(str(byte) for byte in reversed(bytes.fromhex(text)))
    if not int(text, 16):
        return "[::]"
    return "[::1]" if text == "00000000000000000000000001000000" else f"[{text.lower()}]"
