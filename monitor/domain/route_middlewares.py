"""What happens to requests and answers between the visitor and an instance.

The shared ones are published once and used by every route; only what carries a workspace's name is its own.
"""

from __future__ import annotations

from monitor.domain.prefix.hop import HEADER, Hop
from monitor.domain.routes import OWN_PREFIX, Middleware

# Frameworks believe these and Traefik passes them on: Rack and werkzeug read `Forwarded` and the scheme
# variants, Symfony `X-Original-URL` and `X-Rewrite-URL`, CGI turns `Proxy` into HTTP_PROXY.
_NEVER_FROM_VISITORS = (
    "Forwarded",
    "Front-End-Https",
    "Proxy",
    "X-Forwarded-Path",
    "X-Forwarded-Prefix",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
    "X-Forwarded-User",
    "X-Original-Url",
    "X-Rewrite-Url",
    "X-Script-Name",
)
# The one entry point there is speaks plain http. Of a WebSocket Traefik says `ws`, which servers that compare its
# Origin with where they are (Socket.IO's among them) refuse.
_TOLD = {**dict.fromkeys(_NEVER_FROM_VISITORS, ""), "X-Forwarded-Proto": "http"}

SLASH = Middleware(
    f"{OWN_PREFIX}slash",
    {"redirectRegex": {"regex": r"^https?://[^/]*(/[a-z0-9-]+)(\?.*)?$", "replacement": "${1}/${2}"}},
    shared=True,
)
"""`/n` → `/n/`: a Location without scheme and host is right whatever the visitor typed."""

CLEAN = Middleware(f"{OWN_PREFIX}clean", {"headers": {"customRequestHeaders": _TOLD}}, shared=True)
"""Visitors cannot pretend to be a proxy, and the scheme is that of the page, for WebSockets too."""

SHARED_ORIGIN = Middleware(
    f"{OWN_PREFIX}shared-origin",
    {"headers": {"customRequestHeaders": _TOLD, "customResponseHeaders": {"Service-Worker-Allowed": ""}}},
    shared=True,
)
"""As `CLEAN`, and no page may take over its neighbours on the origin all path routes share."""

RETRY = Middleware(f"{OWN_PREFIX}retry", {"retry": {"attempts": 5, "initialInterval": "100ms"}}, shared=True)
"""Bridges a server's restart; Traefik repeats only while not a byte of the request was sent."""

SHARED = (SLASH, CLEAN, SHARED_ORIGIN, RETRY)


def strip(base: str, workspace: str) -> Middleware:
    """Take `/n` off the path and say so in X-Forwarded-Prefix."""
    return Middleware(f"{base}-strip", {"stripPrefix": {"prefixes": [f"/{workspace}"]}})


def prefix(base: str, workspace: str) -> Middleware:
    """Leave the path alone for an app that knows its prefix, and say which it is."""
    return Middleware(
        f"{base}-prefix", {"headers": {"customRequestHeaders": {"X-Forwarded-Prefix": f"/{workspace}"}}}
    )


def inside(base: str, path: str) -> Middleware:
    """Put the path an app insists on where the prefix was."""
    return Middleware(f"{base}-inside", {"addPrefix": {"prefix": path}})


def into(base: str, workspace: str) -> Middleware:
    """`/` → `/n/`, for an app that answers below its prefix only."""
    return Middleware(
        f"{base}-into",
        {"redirectRegex": {"regex": r"^https?://[^/]*/(\?.*)?$", "replacement": f"/{workspace}/${{1}}"}},
    )


def all_into(base: str, workspace: str) -> Middleware:
    """Any path → the same below `/n/`, on an origin of its own."""
    return Middleware(
        f"{base}-all-into",
        {"redirectRegex": {"regex": r"^https?://[^/]*/(.*)$", "replacement": f"/{workspace}/${{1}}"}},
    )


def hop(base: str, hop: Hop) -> Middleware:
    """Tell the hop where to and under which prefix; whatever the visitor said is replaced."""
    return Middleware(f"{base}-hop", {"headers": {"customRequestHeaders": {HEADER: hop.header()}}})


def dashboard(url: str) -> Middleware:
    """Any request → the dashboard's own origin."""
    return Middleware(
        f"{OWN_PREFIX}dashboard",
        {"redirectRegex": {"regex": "^.*$", "replacement": url.replace("$", "$$")}},
        shared=True,
    )
