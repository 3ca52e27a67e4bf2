"""Folders that bring their own compose file or Dockerfile."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.result import SURE, Detection
from monitor.domain.launch import ProjectType

COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
DOCKERFILE = ("Dockerfile", "Containerfile")
ESCAPE = "set `type:` in slipway.yaml to run it without"


def compose(facts: Facts) -> Detection | None:
    """Type compose where the folder has a compose file with services."""
    path = facts.first(*COMPOSE)
    if path is None:
        return None
    services = facts.yaml(path).get("services")
    names = ", ".join(sorted(str(n) for n in services)[:8]) if isinstance(services, dict) else ""
    return Detection(
        ProjectType.COMPOSE,
        reason=f"{path} describes how it runs",
        evidence=(path, f"services: {names}") if names else (path,),
        confidence=SURE,
        refusal=f"brings its own {path}, which this version does not run yet; {ESCAPE}",
    )


def with_dockerfile(facts: Facts, found: Detection) -> Detection:
    """`found`, refused where the folder says by a Dockerfile how it wants to be built."""
    path = facts.first(*DOCKERFILE)
    if path is None or found.type is ProjectType.COMPOSE:
        return found
    refusal = f"brings its own {path}, which this version does not build yet; remove it or {ESCAPE}"
    return replace(found, evidence=(*found.evidence, path), refusal=refusal)
