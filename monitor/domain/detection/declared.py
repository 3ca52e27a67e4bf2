"""Start commands a project declares for others: Procfile, and the files of hosting services."""

from __future__ import annotations

import re
from typing import Any

from monitor.domain.detection.facts import Facts, table, word
from monitor.domain.detection.result import GUESS, SURE
from monitor.domain.detection.start import Start


def declared(facts: Facts) -> Start | None:
    """The declared start command, Procfile first; None where nothing declares one."""
    for path, command in _places(facts):
        if command:
            because = f"{path} says so"
            return Start(command, f"{path} names the start command", because, confidence=SURE, port=port_in(command))
    return None


def worker(facts: Facts) -> Start | None:
    """The command of a Procfile that has no `web:` process, only one that answers nobody."""
    command = next((c for name in ("worker", "bot", "clock", "app") if (c := _line(facts, name))), None)
    if command is None:
        return None
    return Start(command, "Procfile names a worker and no web process", WORKER, confidence=GUESS)


WORKER = "it is a worker: it may answer no visitors"


def port_in(command: str) -> int | None:
    """The port a command insists on: `--port 8081`, `-b 0.0.0.0:8081`."""
    found = re.search(
        r"(?:--port[= ]|-p[= ]?|(?:--bind|-b|--listen|-l|--host|--addr(?:ess)?)[= ]\S*:)(\d{2,5})(?=\s|$)", command
    )
    return int(found[1]) if found and 80 <= int(found[1]) < 65536 else None


def _places(facts: Facts) -> list[tuple[str, str | None]]:
    return [
        ("Procfile", _line(facts, "web")),
        ("railway.json", word(table(facts.json("railway.json"), "deploy").get("startCommand"))),
        ("railway.toml", word(table(facts.toml("railway.toml"), "deploy").get("startCommand"))),
        ("nixpacks.toml", word(table(facts.toml("nixpacks.toml"), "start").get("cmd"))),
        ("render.yaml", _render(facts.yaml("render.yaml"))),
    ]


def release(facts: Facts) -> str | None:
    """The command of Procfile's `release:` (migrations and the like), or None."""
    return _line(facts, "release")


def _line(facts: Facts, name: str) -> str | None:
    for line in facts.text("Procfile").splitlines():
        match = re.match(rf"\s*{name}\s*:\s*(\S.*)$", line)
        if match:
            return match[1].strip()
    return None


def _render(blueprint: dict[str, Any]) -> str | None:
    """The only web service of a Render blueprint that lies in this folder."""
    services = blueprint.get("services")
    listed = [s for s in services if isinstance(s, dict)] if isinstance(services, list) else []
    web = [s for s in listed if s.get("type") == "web" and str(s.get("rootDir") or ".") in {".", "./"}]
    return word(web[0].get("startCommand")) if len(web) == 1 else None
