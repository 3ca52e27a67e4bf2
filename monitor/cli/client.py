"""The running monitor, asked over its control socket: no token is needed by whoever owns the data folder."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from monitor.errors import Away, Conflict, Incomplete, NotFound, Refused, SlipwayError, UsageError
from monitor.web.control_path import NAME, reachable

TIMEOUT_S = 30.0
_BY_STATUS: dict[int, type[SlipwayError]] = {
    400: UsageError,
    401: Refused,
    403: Refused,
    404: NotFound,
    409: Conflict,
    413: UsageError,
    503: Away,
}
_BY_REASON = {kind.reason: kind for kind in (UsageError, Incomplete, NotFound, Refused, Conflict, Away)}


class Client:
    """Asks the monitor of one data folder."""

    def __init__(self, data: Path) -> None:
        self._path = data / NAME

    def get(self, path: str) -> Any:
        """The answer's JSON; raises what the monitor said went wrong, or that none runs."""
        return self.ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.ask("POST", path, body)

    def delete(self, path: str) -> Any:
        return self.ask("DELETE", path, None)

    def stream(self, path: str) -> Iterator[Any]:
        """The lines of a stream of JSON, as they come; raises as `get` does."""
        connection = _Connection(self._path)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status >= 400:
                raise told(json.loads(answer.read()).get("error", {}), answer.status)
            # Whoever waits for a silent command waits as long as it takes.
            connection.sock.settimeout(None)
            for line in answer:
                yield json.loads(line)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unanswered(self._path, error) from None
        finally:
            connection.close()

    def runs(self) -> bool:
        """Whether a monitor answers."""
        try:
            self.get("/api/health")
        except SlipwayError:
            return False
        return True

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Any method; see `get`."""
        payload = None if body is None else json.dumps(body).encode()
        connection = _Connection(self._path)
        try:
            connection.request(method, path, payload, {"Content-Type": "application/json"} if payload else {})
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unanswered(self._path, error) from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise told(value.get("error", {}) if isinstance(value, dict) else {}, answer.status)
        return value


def segment(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="", errors="surrogateescape")


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket, however long its path."""

    def __init__(self, path: Path) -> None:
        super().__init__("slipway", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        with reachable(self._path) as name:
            self.sock.connect(name)


def _unanswered(path: Path, error: Exception) -> SlipwayError:
    if isinstance(error, PermissionError):
        return Refused(f"{path} belongs to another user", hint="run this as the user who runs the monitor")
    if isinstance(error, FileNotFoundError | NotADirectoryError | ConnectionRefusedError):
        log = path.parent / "logs" / "monitor.log"
        last = f"; what it said last is in {log}" if os.access(log, os.R_OK) else ""
        return SlipwayError(
            f"no monitor runs with the data folder {path.parent}",
            hint=f"start it with `scripts/up` (`slipway up`), or name its data folder with --data{last}",
            reason="not-running",
        )
    return SlipwayError(
        f"the monitor does not answer: {error or type(error).__name__}",
        hint="try again; `slipway doctor` looks closer",
    )


def told(said: dict[str, Any], status: int = 500) -> SlipwayError:
    """The monitor's own error; its reason (then its status) says which exit code it is."""
    reason = str(said.get("reason", ""))
    kind = _BY_REASON.get(reason) or _BY_STATUS.get(status, SlipwayError)
    message = str(said.get("message") or f"the monitor answered {status}")
    return kind(message, hint=str(said.get("hint", "")), reason=reason or None)
