"""Response headers that name addresses or paths, put below the prefix."""

from __future__ import annotations

import re

from monitor.domain.prefix.urls import Mount

ADDRESSES = frozenset({"location", "content-location", "hx-redirect", "hx-push-url", "hx-replace-url", "sourcemap"})
"""Headers whose whole value is one address (`HX-…`: htmx)."""

_COOKIE_PATH = re.compile(r"(;\s*path\s*=\s*)([^;]*)", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]*)>")
_REFRESH = re.compile(r"(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)([\"']?)([^\"']*)\2\s*", re.IGNORECASE)


def rewritten(name: str, value: str, mount: Mount) -> str:
    """One header's value as the visitor must get it; all others come through unchanged."""
    lower = name.lower()
    if lower in ADDRESSES:
        return mount.public(value)
    if lower == "set-cookie":
        return cookie(value, mount)
    if lower == "link":
        return _LINK.sub(lambda m: f"<{mount.public(m[1])}>", value)
    return refresh(value, mount) if lower == "refresh" else value


def cookie(value: str, mount: Mount) -> str:
    """`Path=/` → `Path=/name/`, so that neighbours neither see nor overwrite it.

    A `__Host-` cookie must keep `Path=/` (RFC 6265bis, 4.1.3.2); a browser would drop it otherwise.
    """
    if value.lstrip().lower().startswith("__host-"):
        return value
    return _COOKIE_PATH.sub(lambda m: m[1] + (mount.public(m[2].strip()) if m[2].strip() else m[2]), value, count=1)


def refresh(value: str, mount: Mount) -> str:
    """`5; url=/next` as in the header and in `<meta http-equiv=refresh>`."""
    found = _REFRESH.fullmatch(value)
    return value if found is None else f"{found[1]}{found[2]}{mount.attribute(found[3])}{found[2]}"


def without_upgrade(policy: str) -> str:
    """A policy without `upgrade-insecure-requests`, which over plain http asks for a server that is not there."""
    directives = [one for one in policy.split(";") if one.strip().lower() != "upgrade-insecure-requests"]
    return ";".join(directives)


def referrer_policy(value: str) -> str:
    """`no-referrer` → `same-origin`: a page's own requests find home by it, and no other site learns anything."""
    words = [word.strip() for word in value.split(",")]
    return ", ".join("same-origin" if word.lower() == "no-referrer" else word for word in words)
