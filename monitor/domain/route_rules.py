"""The rules of the routing table as strings in Traefik's language.

A rule is text made from names. Nothing but a valid workspace name or host name ever gets into one, so no
folder's name can close a quotation mark and add a rule of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.domain.workspace import NAME

EVERYTHING = "PathPrefix(`/`)"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def under(prefix: str) -> str:
    """Requests for `/prefix` and all below it, never for `/prefixed`."""
    return f"Path(`/{prefix}`) || PathPrefix(`/{prefix}/`)"


def of_workspace(name: str) -> str:
    """Requests for one workspace by path; raises ValueError for what is no workspace name."""
    return under(checked_name(name))


def of_host(name: str, domain: str) -> str:
    """Requests for one workspace by host."""
    return f"Host(`{checked_name(name)}.{checked_domain(domain)}`)"


def of_host_under(name: str, domain: str) -> str:
    """Requests for one workspace by host that are below its prefix all the same."""
    return f"{of_host(name, domain)} && ({of_workspace(name)})"


def of_host_beside(name: str, domain: str) -> str:
    """Requests for one workspace by host that are not."""
    return f"{of_host(name, domain)} && !({of_workspace(name)})"


def of_hop(name: str) -> str:
    """Requests for one workspace by path whose answers can be changed: no WebSockets, no event streams."""
    passing = "!HeaderRegexp(`Upgrade`, `(?i)^websocket$`) && !HeaderRegexp(`Accept`, `text/event-stream`)"
    return f"({of_workspace(name)}) && {passing}"


def of_any_host(domain: str) -> str:
    """Requests for whatever host below the domain, with the root's dot or without."""
    return rf"HostRegexp(`^.+\.{re.escape(checked_domain(domain))}\.?$`)"


def of_known(names: Iterable[str]) -> str:
    """Requests for any of these workspaces by path; one rule, for a thousand names as for one."""
    return f"PathRegexp(`^/(?:{_any_of(names)})(?:/|$)`)"


def of_orphans(names: Iterable[str], *, navigations: bool) -> str:
    """Requests a page of one of these workspaces made outside its prefix; never for `/` itself.

    Whether the page was on this very host is not visible to a rule: the gate compares. Without
    `navigations`, those of a person following a link are left out.
    """
    rule = f"HeaderRegexp(`Referer`, `^https?://[^/]+/(?:{_any_of(names)})/`) && !Path(`/`)"
    return rule if navigations else f"{rule} && !HeaderRegexp(`Accept`, `text/html`)"


def checked_name(name: str) -> str:
    """The name itself; raises ValueError for what is no workspace name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a workspace name")
    return name


def checked_domain(domain: str) -> str:
    """The domain in lower case, without the root's dot; raises ValueError for what is no host name."""
    host = domain.lower().removesuffix(".")
    if not _HOST.fullmatch(host):
        raise ValueError(f"{domain!r} is not a host name")
    return host


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(checked_name(name) for name in names))
