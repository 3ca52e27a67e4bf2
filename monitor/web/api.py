"""The REST API under `/api`: reads from the registry, asks the desk, never acts itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.state import WorkspaceState
from monitor.domain.workspace import Phase
from monitor.errors import NotFound, SlipwayError, UsageError
from monitor.services.jobs import Tell
from monitor.web.answers import answer, as_text
from monitor.web.api_history import given
from monitor.web.asking import query_flag
from monitor.web.face import Face
from monitor.web.guard import is_open, needs
from monitor.web.ndjson import streamed_lines

WORK_S = 900.0
MAX_LINES = 2000
FOLLOW_S = 0.7
SETTLED = {"start": {Phase.SERVING}, "restart": {Phase.SERVING}, "stop": {Phase.STOPPED}}


class Api:
    """The handlers; `routes` is the table."""

    def __init__(self, face: Face) -> None:
        self._desk = face.desk
        self._jobs = face.jobs
        self._registry = face.registry
        self._log_lines = face.log_lines
        self._past = face.past
        # Written once for all who ask before the next change.
        self._listed = (-1, "")
        self._insight = face.insight

    def routes(self) -> list[web.RouteDef]:
        """Every path of the API but tokens and events; each handler declares its scope."""
        one = "/api/workspaces/{name}"
        return [
            web.get("/api/health", self.health),
            web.get("/api/status", self.status),
            web.get("/api/logs", self.monitor_logs),
            web.get("/api/projects", self.workspaces),
            web.get("/api/project/{name}/logs", self.logs),
            web.get("/api/workspaces", self.workspaces),
            web.get(one, self.workspace),
            web.get(one + "/status", self.workspace),
            web.get(one + "/logs", self.logs),
            web.post(one + "/start", self.start),
            web.post(one + "/stop", self.stop),
            web.post(one + "/restart", self.restart),
            web.get("/api/jobs", self.jobs),
            web.get("/api/jobs/{id}", self.job),
            web.delete("/api/jobs/{id}", self.cancel),
        ]

    @is_open
    async def health(self, request: web.Request) -> web.Response:
        """Say that the monitor is alive, and nothing else: the one path of the API open to everybody."""
        return answer({"ok": True})

    @needs(Scope.READ)
    async def status(self, request: web.Request) -> web.Response:
        """Version, engine, router, store, how many workspaces are in which phase, and what needs attention."""
        return answer(self._desk.status())

    @needs(Scope.READ)
    async def monitor_logs(self, request: web.Request) -> web.Response:
        """The monitor's own last log lines (`?lines=`, 200 unless told)."""
        return answer({"lines": self._log_lines(_lines(request))})

    @needs(Scope.READ)
    async def workspaces(self, request: web.Request) -> web.Response:
        """Every workspace, and the folders that cannot be one; with `?deleted=true` those whose folder is gone."""
        if query_flag(request, "deleted"):
            return answer(await given(self._past).reading.deleted())
        if self._listed[0] != self._registry.seq:
            whole = self._registry.whole()
            self._listed = (whole["seq"], as_text({"items": whole["workspaces"], "unnamed": whole["unnamed"]}))
        return web.Response(text=self._listed[1], content_type="application/json")

    @needs(Scope.READ)
    async def workspace(self, request: web.Request) -> web.Response:
        """One workspace."""
        return answer(self._desk.workspace(request.match_info["name"]).as_json())

    @needs(Scope.READ)
    async def logs(self, request: web.Request) -> web.StreamResponse:
        """A workspace's last log lines (`?lines=`, 200 unless told).

        `?follow=true` stays open and sends these and every later one as JSON lines `{"text"}`, over restarts too.
        """
        if query_flag(request, "follow"):
            name = self._desk.workspace(request.match_info["name"]).name
            return await streamed_lines(request, self._followed(name, _lines(request)))
        return answer({"lines": await self._desk.logs(request.match_info["name"], _lines(request))})

    @needs(Scope.OPERATE)
    async def start(self, request: web.Request) -> web.Response:
        """Ask for a workspace to run; one that failed is tried again at once."""
        return self._job("start", self._desk.start(request.match_info["name"]))

    @needs(Scope.OPERATE)
    async def stop(self, request: web.Request) -> web.Response:
        """Ask for a workspace to be stopped, over restarts of everything; 200 where it already is."""
        was = self._desk.workspace(request.match_info["name"])
        asked = self._desk.stop(was.name)
        return answer(was.as_json()) if was.phase is Phase.STOPPED else self._job("stop", asked)

    @needs(Scope.OPERATE)
    async def restart(self, request: web.Request) -> web.Response:
        """Ask for what runs to be replaced."""
        return self._job("restart", self._desk.restart(request.match_info["name"]))

    @needs(Scope.READ)
    async def jobs(self, request: web.Request) -> web.Response:
        """The newest jobs, newest first."""
        return answer({"items": [job.as_json() for job in self._jobs.jobs()]})

    @needs(Scope.READ)
    async def job(self, request: web.Request) -> web.Response:
        """One job: its state, progress, result or error."""
        return answer(self._jobs.get(request.match_info["id"]).as_json())

    @needs(Scope.OPERATE)
    async def cancel(self, request: web.Request) -> web.Response:
        """Ask a job to end."""
        return answer(self._jobs.cancel(request.match_info["id"]).as_json())

    async def _followed(self, name: str, lines: int) -> AsyncIterator[dict[str, str]]:
        """Lines as they are printed, until the workspace is gone."""
        if self._insight is None:
            raise NotFound("nothing can be followed here")
        cursor = ""
        while True:
            try:
                said = await self._insight.output.after(name, cursor, lines)
            except SlipwayError:
                return
            for line in said["lines"][-lines:]:
                yield {"text": line}
            cursor, lines = said["after"], MAX_LINES
            await self._desk.clock.sleep(FOLLOW_S)

    def _job(self, kind: str, state: WorkspaceState) -> web.Response:
        """A job that is over once the workspace has come to where it was asked to be."""

        async def until_there(tell: Tell) -> Any:
            return await self._desk.until(state.name, SETTLED[kind], WORK_S, tell, anew=kind == "restart")

        return answer(self._jobs.begin(kind, state.name, until_there).as_json(), 202)


def _lines(request: web.Request) -> int:
    text = request.query.get("lines", "200")
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 6 and int(text) >= 1):
        raise UsageError(f"lines={text[:20]!r} is not a number of lines", hint=f"give 1 to {MAX_LINES}")
    return min(int(text), MAX_LINES)
