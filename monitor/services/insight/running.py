"""What runs of a workspace and why: instances, commands, compose file, labels, routes, settings in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from monitor.domain.in_force import in_force
from monitor.domain.instance import Instance
from monitor.domain.launch import NOBODY
from monitor.domain.launching import NotRunnable, spec_for
from monitor.domain.moments import rfc3339
from monitor.domain.routes import Route
from monitor.ports.closeup import Closeup
from monitor.services.desk import Desk
from monitor.services.insight.looking import Looking


@dataclass(frozen=True, slots=True)
class Explaining:
    """`routes_of` gives the routes that lead to a workspace's instances now. Secrets of its own are hidden."""

    desk: Desk
    looking: Looking
    closeup: Closeup
    routes_of: Callable[[str], tuple[Route, ...]]

    async def running(self, name: str) -> dict[str, Any]:
        """`{"type", "phase", "reason", "evidence", "plan", "instances", "image", "compose", "labels", "routes"}`.

        Raises `NotFound`, `EngineAway`, `FolderGone`.
        """
        state = self.desk.workspace(name)
        instances = sorted(await self.desk.observer.of(name), key=lambda one: -one.generation)
        papers = await self.closeup.papers(instances[0]) if instances else None
        return {
            "type": state.type,
            "phase": state.phase,
            "reason": state.reason,
            "evidence": list(state.evidence),
            "plan": await self._plan(name),
            "instances": [_instance(one, state.generation) for one in instances],
            "image": papers.image if papers else "",
            "compose": self._hidden(name, papers.compose) if papers else "",
            "labels": {key: self._hidden(name, value) for key, value in papers.labels} if papers else {},
            "routes": [_route(route) for route in self.routes_of(name)],
        }

    async def settings(self, name: str) -> dict[str, Any]:
        """`{"items": [{"key", "value", "origin", "why"}], "problem"}`; `problem`: `slipway.yaml` cannot be read.

        Raises `NotFound`, `FolderGone`.
        """
        self.desk.workspace(name)
        walked = await self.looking.walk(name)
        detection = await self.looking.detect(walked)
        items = [asdict(one) for one in in_force(name, detection, walked.config)]
        return {"items": items, "problem": walked.problem.as_json()["error"] if walked.problem else None}

    async def _plan(self, name: str) -> dict[str, Any] | None:
        """The commands it is run by, None where the folder itself says how (or nothing can be run)."""
        walked = await self.looking.walk(name)
        detection = await self.looking.detect(walked)
        if detection.own or walked.problem:
            return None
        try:
            spec = spec_for(name, detection, walked.config, user=NOBODY)
        except NotRunnable:
            return None
        commands = {
            step: self._hidden(name, getattr(spec, step) or "") for step in ("install", "setup", "build", "start")
        }
        return {
            "runtime": spec.runtime,
            "commands": commands,
            "port": spec.port,
            "health_path": spec.health_path,
            "base_path": spec.base_path,
            "strip": spec.strip,
            "data": list(spec.data),
            "limits": asdict(spec.limits),
        }

    def _hidden(self, name: str, text: str) -> str:
        keeper = self.desk.keepers.get(name)
        return keeper.redactor.line(text) if keeper is not None else text


def _instance(one: Instance, serving: int | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "generation": one.generation,
        "state": one.state.value,
        "ready": one.ready,
        "serving": one.generation == serving,
        "address": f"{one.host}:{one.port}" if one.host and one.port else one.host,
        "started_at": rfc3339(one.started_at) if one.started_at else None,
        "spec_hash": one.spec_hash,
        "exit_code": one.exit_code,
        "exit_reason": one.exit_reason,
    }


def _route(route: Route) -> dict[str, Any]:
    return {
        "name": route.full_name,
        "rule": route.rule,
        "priority": route.priority,
        "middlewares": list(route.full_middlewares),
        "url": route.service.url,
        "port": route.service.port,
    }
