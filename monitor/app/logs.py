"""The monitor's own log: a bounded file for `slipway logs`, warnings on stderr for whoever watches the terminal."""

from __future__ import annotations

import json
import logging
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path

from monitor.domain.moments import NS, rfc3339
from monitor.ports.tracing import REQUEST_ID

MAX_BYTES = 5 * 1024 * 1024
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class AsText(logging.Formatter):
    """A line for people; what was done for a request carries that request's id."""

    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        request = REQUEST_ID.get()
        return f"{said} [request {request}]" if request else said


class AsJson(logging.Formatter):
    """A line for programs: time (RFC 3339, UTC), level, logger, message, request_id and exception where there are."""

    def format(self, record: logging.LogRecord) -> str:
        value = {
            "time": rfc3339(int(record.created * NS)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST_ID.get():
            value["request_id"] = request
        if record.exc_info:
            value["exception"] = self.formatException(record.exc_info)
        return json.dumps(value)


def set_up(data: Path, *, as_json: bool = False) -> Path:
    """Log to `<data>/logs/monitor.log`; returns that path.

    `as_json`: one JSON object a line, there and on stderr, where everything is then said and not only warnings.
    """
    path = data / "logs" / "monitor.log"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=3, encoding="utf-8", errors="backslashreplace")
    file.setFormatter(AsJson() if as_json else AsText(FORMAT))
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.INFO if as_json else logging.WARNING)
    terminal.setFormatter(AsJson() if as_json else logging.Formatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[file, terminal], force=True)
    for noisy in ("urllib3", "botocore", "boto3", "docker", "watchfiles", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return path


def tail(path: Path, lines: int) -> list[str]:
    """The newest lines of the monitor's log."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, lines)]
    except OSError:
        return []
