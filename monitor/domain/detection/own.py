"""Folders that say themselves how they run: by a compose file or a Dockerfile of their own."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.compose_policy import NotAllowed, only_data, rebuild
from monitor.domain.config_text import ConfigError
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.result import INCOMPLETE, SURE, Detection
from monitor.domain.dockerfile import rebuild_dockerfile
from monitor.domain.launch import ProjectType

COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
DOCKERFILE = ("Dockerfile", "Containerfile")
ESCAPE = "set `type:` in slipway.yaml to run it without"


def compose(facts: Facts) -> Detection | None:
    """Type compose where the folder has a compose file; a poor answer where that has only databases and the like."""
    path = _first(facts, COMPOSE)
    if path is None:
        return None
    found = Detection(ProjectType.COMPOSE, f"{path} describes how it runs", (path,), SURE, own=path)
    if path in facts.links:
        return replace(found, refusal=_linked(path))
    names, data = only_data(facts.text(path))
    found = replace(found, evidence=(path, f"services: {', '.join(names[:8])}")) if names else found
    if data:
        why = f"{path} has only databases and the like, nothing that answers visitors"
        return replace(found, reason=why, confidence=INCOMPLETE, own=None, refusal=why)
    return _checked(facts, path, found)


def _checked(facts: Facts, path: str, found: Detection) -> Detection:
    """What the rules say already now; a file with variables is only read with the workspace's own .env."""
    text = facts.text(path)
    if not text or "$" in text:
        return found
    try:
        rebuilt = rebuild(text, path, {})
    except (NotAllowed, ConfigError) as error:
        return replace(found, refusal=error.message)
    return replace(found, port=rebuilt.stack.port, evidence=(*found.evidence, *rebuilt.notes))


def with_dockerfile(facts: Facts, found: Detection) -> Detection:
    """`found`, with the Dockerfile by which the folder says how it wants to be built."""
    path = _first(facts, DOCKERFILE)
    if path is None or found.type is ProjectType.COMPOSE:
        return found
    evidence = (*found.evidence, f"{path} says how it is built")
    if found.runnable:
        return replace(found, evidence=evidence, own=path, refusal=_linked(path) if path in facts.links else None)
    known = ProjectType.DOCKERFILE if found.type is ProjectType.UNKNOWN else found.type
    found = replace(found, type=known, reason=f"{path} says how it is built", evidence=evidence, confidence=SURE)
    return _buildable(facts, path, replace(found, own=path))


def _buildable(facts: Facts, path: str, found: Detection) -> Detection:
    if path in facts.links:
        return replace(found, refusal=_linked(path))
    if not (text := facts.text(path)):
        return found
    try:
        return replace(found, port=rebuild_dockerfile(text, path, {}).port)
    except NotAllowed as error:
        return replace(found, refusal=error.message)


def _first(facts: Facts, paths: tuple[str, ...]) -> str | None:
    return next((path for path in paths if path in facts.files or path in facts.links), None)


def _linked(path: str) -> str:
    return f"{path} is a symbolic link, and links are not followed; {ESCAPE}"
