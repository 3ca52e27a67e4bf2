"""The gate's answers in words: a page for people, a line or two for programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor.domain.gate import GateAnswer, GateState, Page
from monitor.domain.launch import ProjectType
from monitor.domain.route_table import FRONT
from monitor.domain.workspace import Phase

TINTS = 8
_HERE = Path(__file__).parent
_TITLES = {
    Page.UNKNOWN: "Nothing here",
    Page.WAITING: "{name} is on its way",
    Page.STOPPED: "{name} is stopped",
    Page.FAILED: "{name} does not run",
    Page.UNSERVED: "{name} is kept, but not served",
}
_TEXTS = {
    Page.UNKNOWN: "No workspace has this address.",
    Page.WAITING: "This page moves on by itself as soon as it answers.",
    Page.STOPPED: "It was stopped on purpose and can be started again on the dashboard.",
    Page.FAILED: "The dashboard shows what it printed last.",
    Page.UNSERVED: "Nobody here knows how to run what is in its folder.",
}
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def style() -> bytes:
    """The one style sheet of all these pages."""
    return (_HERE / "static" / "gate.css").read_bytes()


def page(answer: GateAnswer, states: Mapping[str, GateState]) -> str:
    """An answer as HTML, every value escaped."""
    if answer.page is Page.INDEX:
        return _index(states)
    return _PAGES.get_template("gate_notice.html").render(
        page=answer.page.value,
        status=answer.status,
        title=_title(answer),
        text=_TEXTS[answer.page],
        reason=answer.reason,
        refresh_s=answer.retry_after,
        index_link=not answer.by_host and FRONT not in states,
    )


def text(answer: GateAnswer, states: Mapping[str, GateState]) -> str:
    """An answer as plain text: what it is and why; the index as one name a line."""
    if answer.page is Page.INDEX:
        return "".join(f"/{name}/ {states[name].phase}\n" for name in sorted(states))
    return f"{_title(answer)}" + (f": {answer.reason}" if answer.reason else "") + "\n"


def _title(answer: GateAnswer) -> str:
    return _TITLES[answer.page].format(name=answer.name)


def _index(states: Mapping[str, GateState]) -> str:
    cards = [_card(states[name]) for name in sorted(states)]
    serving = sum(state.phase is Phase.SERVING for state in states.values())
    return _PAGES.get_template("gate_index.html").render(cards=cards, serving=serving)


def _card(state: GateState) -> dict[str, Any]:
    unknown = state.type is ProjectType.UNKNOWN
    return {
        "name": state.name,
        "about": state.description or ("" if unknown else f"A {state.type.value} project"),
        "phase": state.phase.value,
        "icon": _own_path(state.icon_url),
        "tint": sum(state.name.encode()) % TINTS,
    }


def _own_path(url: str | None) -> str | None:
    """The icon's address where it is a path on this origin: a workspace cannot make visitors call elsewhere."""
    return url if url and url.startswith("/") and not url.startswith(("//", "/\\")) else None
