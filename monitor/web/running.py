"""Running a command over the API: a job, whose output is streamed line by line while it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.errors import NotFound, UsageError
from monitor.services.jobs import OVER, Jobs
from monitor.services.running.output import Output
from monitor.services.running.running import DEFAULT_S, LONGEST_S, Asked, Running
from monitor.web.answers import answer, body
from monitor.web.asking import flag, only, query_flag, workspace
from monitor.web.guard import needs
from monitor.web.ndjson import streamed_lines

MOST_ARGUMENTS = 1000


class Runs:
    """The handlers; `routes` is the table."""

    def __init__(self, running: Running | None, jobs: Jobs) -> None:
        self._running, self._jobs = running, jobs

    def routes(self) -> list[web.RouteDef]:
        """Every path about commands and what jobs print."""
        return [
            web.post("/api/workspaces/{name}/run", self.run),
            web.get("/api/jobs/{id}/log", self.log),
        ]

    @needs(Scope.ADMIN)
    async def run(self, request: web.Request) -> web.Response:
        """Run `{"argv": [..], "timeout_s", "keep"}` in a short-lived copy of a workspace; a job.

        `argv` is run as it is, by no shell. With `keep` what it changed in the source comes back as one revision.
        The job's result is `{"exit_code", "output_tail", "truncated", "kept"}`.
        """
        name, given = workspace(request), only(await body(request), "argv", "timeout_s", "keep")
        if self._running is None:
            raise NotFound("nothing can be run here")
        asked = Asked(_argv(given.get("argv")), _seconds(given.get("timeout_s")), flag(given, "keep"))
        return answer(self._running.begin(name, asked).as_json(), 202)

    @needs(Scope.READ)
    async def log(self, request: web.Request) -> web.StreamResponse:
        """What a job printed, as lines of JSON `{"seq", "text"}`, then `{"end": true, "state", "result", "error"}`.

        It goes on until the job is over; `?after=` leaves out lines up to that number, `?follow=false` ends at once.
        """
        job = self._jobs.get(request.match_info["id"])
        after, follow = (
            _number(request.query.get("after", "0")),
            query_flag(request, "follow") if "follow" in request.query else True,
        )
        output = self._running.outputs.get(job.id) if self._running else None
        return await streamed_lines(request, self._values(job.id, output, after, follow=follow))

    async def _values(
        self, job_id: str, output: Output | None, after: int, *, follow: bool
    ) -> AsyncIterator[dict[str, Any]]:
        if output is not None and follow:
            async for lines in output.follow(after):
                for line in lines:
                    yield {"seq": line.seq, "text": line.text}
        elif output is not None:
            while lines := output.since(after):
                after = lines[-1].seq
                for line in lines:
                    yield {"seq": line.seq, "text": line.text}
        job = await self._jobs.over(job_id) if follow else self._jobs.get(job_id)
        if job.state in OVER:
            yield {"end": True, "state": job.state, "result": job.result, "error": job.error}


def _argv(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise UsageError("argv is not a list of texts", hint='send {"argv": ["npm", "test"]}')
    if len(value) > MOST_ARGUMENTS or any("\0" in one for one in value) or not value[0]:
        raise UsageError(
            "argv is not a command", hint=f"the program first, then at most {MOST_ARGUMENTS} arguments, no NUL"
        )
    return tuple(one.encode("utf-8", "replace").decode() for one in value)


def _seconds(value: Any) -> float:
    if value is None:
        return float(DEFAULT_S)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_S:
        raise UsageError("timeout_s is not a number of seconds", hint=f"give up to {LONGEST_S}; {DEFAULT_S} else")
    return float(value)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise UsageError(f"after={text[:20]!r} is not a number", hint="give the `seq` of the last line you have")
    return int(text)
