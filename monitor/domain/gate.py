"""What the gate answers where no instance does: the index, a way home, or why there is nothing to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from monitor.domain.launch import ProjectType
from monitor.domain.route_table import FRONT
from monitor.domain.workspace import Phase

SOON_S = 1
_REASON_LENGTH = 300


class Page(StrEnum):
    """Which page an answer is."""

    INDEX = "index"
    HOME = "home"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    STOPPED = "stopped"
    FAILED = "failed"
    UNSERVED = "unserved"


@dataclass(frozen=True, slots=True)
class GateState:
    """What visitors may know of a workspace: nothing here may hold a log line or a secret.

    `reason` is one sentence. `icon_url` is a path on this origin. `changing`: something is under way with it.
    """

    name: str
    phase: Phase
    reason: str = ""
    type: ProjectType = ProjectType.UNKNOWN
    description: str = ""
    icon_url: str | None = None
    changing: bool = False


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What to answer: `browser` says whether a person reads it, `location` keeps the visitor's own encoding.

    `retry_after` is in seconds, None where waiting does not help. `by_host`: the visitor is on a workspace's own
    origin, where there is no index.
    """

    page: Page
    status: int
    browser: bool
    name: str = ""
    reason: str = ""
    location: str = ""
    retry_after: int | None = None
    by_host: bool = False


def answer(
    path: str,
    host: str,
    accept: str,
    referer: str,
    states: Mapping[str, GateState],
    domain: str,
) -> GateAnswer:
    """Given a request that reached the gate, return what it is answered.

    `path` is as sent, still encoded, with its query. A host `n.<domain>` speaks of workspace n whatever
    the path; else the first segment of the path names one.
    """
    browser = "text/html" in accept.lower()
    if (named := _named_by_host(host, domain)) is not None:
        return replace(_of(states.get(named), named, browser), by_host=True)
    name = _first_segment(path)
    if name in states:
        return _of(states[name], name, browser)
    home = _home(path, host, referer, states, browser=browser)
    if home:
        return GateAnswer(Page.HOME, 307, browser, location=home)
    front = states.get(FRONT)
    if front is not None and _speaks_for_itself(front, browser):
        return _of(front, FRONT, browser)
    if path.partition("?")[0] == "/":
        return GateAnswer(Page.INDEX, 200, browser)
    return GateAnswer(Page.UNKNOWN, 404, browser, name=name[:80])


def _speaks_for_itself(front: GateState, browser: bool) -> bool:
    """Whether the front site answers for paths nobody claims: on its way or broken, yes; stopped on purpose, no.

    While it serves, only a person can be here before its route is; a file asked for in the name of another
    origin's page is simply not there.
    """
    if front.phase is Phase.SERVING:
        return browser
    return front.phase in {Phase.STARTING, Phase.PARKED, Phase.ARCHIVED, Phase.FAILED}


def _of(state: GateState | None, name: str, browser: bool) -> GateAnswer:
    """What is said of one workspace that nothing serves right now."""
    if state is None:
        return GateAnswer(Page.UNKNOWN, 404, browser, name=name[:80])
    reason = _one_line(state.reason)
    if state.phase is Phase.FAILED:
        return GateAnswer(Page.FAILED, 502, browser, name, reason)
    if state.phase is Phase.STOPPED:
        return GateAnswer(Page.STOPPED, 503, browser, name, reason)
    if state.phase is Phase.DETECTED and state.type is ProjectType.UNKNOWN and not state.changing:
        return GateAnswer(Page.UNSERVED, 404, browser, name, reason)
    return GateAnswer(Page.WAITING, 503, browser, name, reason, retry_after=SOON_S)


def _home(path: str, host: str, referer: str, states: Mapping[str, GateState], *, browser: bool) -> str:
    """Where an orphan belongs: below the prefix of the page that asked for it, on the same host; else ''.

    Where a `www` exists, a person following a link is on the way to it.
    """
    if path.partition("?")[0] == "/" or (browser and FRONT in states):
        return ""
    try:
        page = urlsplit(referer)
    except ValueError:
        return ""
    name, below, _ = page.path.removeprefix("/").partition("/")
    if name not in states or not below or page.netloc.lower() != host.lower():
        return ""
    return f"/{name}{path if path.startswith('/') else '/' + path}"


def _named_by_host(host: str, domain: str) -> str | None:
    """The workspace a host below the domain speaks of; '' where it is none that could exist."""
    bare = host.lower().rpartition(":")[0] if ":" in host and not host.endswith("]") else host.lower()
    head, dot, tail = bare.removesuffix(".").partition(f".{domain.lower().removesuffix('.')}")
    return head if dot and not tail else None


def _first_segment(path: str) -> str:
    return unquote(path.partition("?")[0].removeprefix("/").partition("/")[0])


def _one_line(reason: str) -> str:
    """Its first line without control characters, at most `_REASON_LENGTH` long."""
    line = next(iter(reason.splitlines()), "")
    return "".join(c for c in line if c.isprintable())[:_REASON_LENGTH]
