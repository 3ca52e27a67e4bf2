"""Visitors of the real router: one request each, paths sent as they are, redirects not followed."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visitor got: header names in lower case, the body as text."""

    status: int
    headers: Mapping[str, str]
    text: str


def visit(port: int, path: str, *, timeout: float = 20.0, method: str = "GET", **headers: str) -> Answer:
    """Ask for `path` on loopback; `host="n.localhost"` and other headers by name, `_` for `-`."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"host": f"localhost:{port}", **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        kept = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, kept, answer.read().decode("utf-8", "replace"))


def follow(port: int, path: str, *, came_from: str, steps: int = 5) -> tuple[str, str]:
    """Where a browser ends that clicks `path` on the page `came_from`: the path there, and its text."""
    referer, end = f"http://localhost:{port}{came_from}", f"http://localhost:{port}{path}"
    for _ in range(steps):
        target = urlsplit(end)
        answer = visit(port, target.path, host=target.netloc, referer=referer, accept="text/html")
        if answer.status not in {301, 302, 303, 307, 308}:
            return target.path, answer.text
        end = urljoin(end, answer.headers["location"])
    raise AssertionError(f"{steps} redirects and no end: {end}")
