"""The hop's contract with the router: one request header that says where to and under which prefix.

The hop keeps nothing: the router's table is the only place that knows which workspace goes through it. The header is
always set by the router's middleware, which replaces whatever a visitor sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from monitor.domain.prefix.urls import Mount, own_authorities, under

HEADER = "X-Slipway-Hop"
SHIM_PATH = "/_slipway/prefix.js"
"""Below the app's own root, so that a policy of `'self'` covers it."""

_IMAGE = re.compile(r"(.*/_next/image\?(?:.*&)?url=)((?:%2[Ff]|/)[^&]*)(.*)")


@dataclass(frozen=True, slots=True)
class Hop:
    """`to` is the instance's URL (`http://host:port`), `prefix` `/name`, `inside` where the app believes it lives."""

    to: str
    prefix: str
    inside: str = ""

    def header(self) -> str:
        return urlencode({"to": self.to, "prefix": self.prefix, "inside": self.inside})

    def mount(self, host: str) -> Mount:
        """How addresses are put right for a visitor who typed `host`."""
        return Mount(self.prefix, self.inside, host, own_authorities(urlsplit(self.to).netloc))

    def asked(self, target: str) -> str:
        """What the app is asked for when the router hands over `target` (path and query, still encoded).

        Next's image optimizer fetches its `url=` from itself, where it only answers below its base path; pages name
        public files without it (next.js: "you need to add the basePath in front of src").
        """
        found = _IMAGE.fullmatch(target) if self.inside == self.prefix else None
        if found is None or under(found[2].lower().replace("%2f", "/"), self.prefix):
            return target
        return f"{found[1]}{quote(self.prefix, safe='')}{found[2]}{found[3]}"


def hop_of(header: str) -> Hop | None:
    """The value of the header, read; None for anything the router would not have written."""
    told = dict(parse_qsl(header))
    to, prefix = told.get("to", ""), told.get("prefix", "")
    if not re.fullmatch(r"http://[\w.:\[\]-]+:\d+", to) or not re.fullmatch(r"/[a-z0-9-]+", prefix):
        return None
    return Hop(to, prefix, told.get("inside", ""))
