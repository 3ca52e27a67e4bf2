"""`ports` and `expose`: which ports of a container its author wants reached; the host's side is never opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.domain.compose_policy.reader import At
from monitor.domain.compose_policy.verdicts import PORT

_SHORT = re.compile(
    r"(?:(?P<host>\[[0-9A-Fa-f:]+\]|\d{1,3}(?:\.\d{1,3}){3})?:)?(?:(?P<published>\d{1,5}(?:-\d{1,5})?)?:)?"
    r"(?P<target>\d{1,5})(?:-\d{1,5})?(?:/(?P<protocol>tcp|udp|sctp))?"
)


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port of the container and the one it was to have on the host, 0 where none was named."""

    target: int
    published: int = 0


def ports(at: At) -> Iterator[Port]:
    """The TCP ports of `ports` in the order written; of a range the first."""
    for item in at.items():
        found = _long(item) if isinstance(item.value, dict) else _short(item)
        if found is not None:
            yield found


def exposed(at: At) -> Iterator[Port]:
    """The TCP ports of `expose`."""
    for item in at.items():
        match = re.fullmatch(r"(\d{1,5})(?:-\d{1,5})?(?:/(tcp|udp|sctp))?", item.text())
        if match is None:
            item.refuse("must be a port")
        if match[2] in {None, "tcp"}:
            yield Port(_checked(item, int(match[1])))


def _short(item: At) -> Port | None:
    match = _SHORT.fullmatch(item.text().strip())
    if match is None:
        item.refuse("must be a port such as `3000` or `8080:80`")
    target = _checked(item, int(match["target"]))
    published = int((match["published"] or "0").partition("-")[0])
    return Port(target, published) if match["protocol"] in {None, "tcp"} else None


def _long(item: At) -> Port | None:
    found = {below.path[-1]: below for below in item.keys(PORT)}
    if "target" not in found:
        item.refuse("must name its `target`")
    target = found["target"].number(1, 65535)
    published = found["published"].text().partition("-")[0] if "published" in found else ""
    tcp = "protocol" not in found or found["protocol"].one_of(["tcp", "udp"]) == "tcp"
    return Port(target, int(published) if published.isascii() and published.isdigit() else 0) if tcp else None


def _checked(item: At, port: int) -> int:
    if not 1 <= port <= 65535:
        item.refuse("must be between 1 and 65535")
    return port
