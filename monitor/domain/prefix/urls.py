"""Where a URL an app wrote must lead once the app lives under a prefix.

Only addresses on the visitor's own origin are touched, and only those that do not begin with the prefix already: an
app that knows its prefix comes through unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

OWN_FILES = "/_slipway/"
"""Ours on every origin; never an app's."""

_ABSOLUTE = re.compile(r"(https?:|wss?:)?//([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_SLASH = re.compile(r"&#x0*2f;?|&#0*47;?|&sol;", re.IGNORECASE)
_LOOPBACK = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]")


@dataclass(frozen=True, slots=True)
class Mount:
    """One workspace under its prefix, for one visitor.

    `prefix` is `/name`. `inside` is where the app believes it lives: "" for its root, else a path such as `/app`.
    `host` is what the visitor typed, with its port; `own` are other authorities that mean the app itself (the
    address the router reaches it by).
    """

    prefix: str
    inside: str = ""
    host: str = ""
    own: frozenset[str] = field(default=frozenset())

    def public(self, url: str) -> str:
        """`url` as the visitor must use it; unchanged where it leads elsewhere or is relative."""
        text = url.strip()
        if text.startswith("/") and not text.startswith(("//", "/\\")):
            return self._path(text)
        found = _ABSOLUTE.fullmatch(text)
        if found is None:
            return url
        scheme, authority, rest = found[1] or "", found[2].lower(), found[3]
        if authority == self.host.lower():
            return f"{scheme}//{found[2]}{self._path(rest if rest.startswith('/') else f'/{rest}')}"
        return self._path(rest if rest.startswith("/") else f"/{rest}") if authority in self.own else url

    def attribute(self, value: str) -> str:
        """The same for text as it stands in an HTML attribute, where a slash may be written as a reference."""
        plain = _SLASH.sub("/", value[:64]) + value[64:] if "&" in value[:64] else value
        changed = self.public(plain)
        return value if changed == plain else changed

    def _path(self, path: str) -> str:
        if under(path, self.prefix) or path.startswith(OWN_FILES):
            return path
        if self.inside and under(path, self.inside):
            rest = path.removeprefix(self.inside)
            return self.prefix + (rest if rest.startswith("/") else f"/{rest}")
        return self.prefix + path


def under(path: str, prefix: str) -> bool:
    """Whether a path (with query or fragment) is the prefix itself or lies below it."""
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in {"", "/", "?", "#"}


def own_authorities(upstream: str) -> frozenset[str]:
    """What an app calls itself when it does not know better: `upstream` (host:port) and loopback on its port."""
    host, _, port = upstream.rpartition(":")
    return frozenset({f"{host}:{port}".lower(), *(f"{name}:{port}" for name in _LOOPBACK)})


def srcset(value: str, mount: Mount) -> str:
    """A `srcset`: addresses and descriptors, with commas between them (and some inside `data:` addresses)."""
    return _CANDIDATE.sub(lambda m: m[1] + mount.attribute(m[2]) + m[3], value)


_CANDIDATE = re.compile(r"((?:^|,)\s*)([^\s,]\S*?)(,?(?:\s+[^,]*)?(?=,|$))", re.DOTALL)


def referred(urls: Iterable[str], mount: Mount) -> tuple[str, ...]:
    """Those of `urls` that leave the prefix as they are written."""
    return tuple(dict.fromkeys(url for url in urls if mount.public(url) != url))
