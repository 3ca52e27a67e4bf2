"""Long work with progress, a result and a way to cancel: queued, running, then done, failed or cancelled."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from monitor.domain.moments import rfc3339
from monitor.errors import Conflict, NotFound, SlipwayError
from monitor.ports.clock import Clock

KEPT = 500
OVER = frozenset({"done", "failed", "cancelled"})

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One piece of work; `progress` is `{"text", "done", "total"}`, `error` the error shape's inside."""

    id: str
    kind: str
    workspace: str
    created_at: str
    state: str = "queued"
    progress: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    error: dict[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, as `GET /api/jobs/{id}` answers it."""
        return asdict(self)


class Tell(Protocol):
    """Reports progress: a sentence, and how much of how much is done where that is known."""

    def __call__(self, text: str, done: int | None = None, total: int | None = None) -> None: ...


Work = Callable[[Tell], Awaitable[Any]]


class Jobs:
    """Starts work as tasks of one group and remembers the newest; every change of a job is one event."""

    def __init__(self, clock: Clock, emit: Callable[[dict[str, Any]], None]) -> None:
        self._clock = clock
        self._emit = emit
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Own the tasks of all jobs until cancelled; they are cancelled with it."""
        try:
            async with asyncio.TaskGroup() as self._group:
                await asyncio.Event().wait()
        finally:
            self._group = None

    def begin(self, kind: str, workspace: str, work: Work) -> Job:
        """Start `work`; its return value (JSON-ready) becomes the result. Raises `Conflict` before `run`."""
        if self._group is None:
            raise Conflict("the monitor is starting or stopping", hint="try again in a second")
        job = Job(secrets.token_hex(8), kind, workspace, rfc3339(self._clock.wall_ns()))
        self._jobs[job.id] = job
        self._forget_old()
        task = self._group.create_task(self._carry_out(job, work), name=f"job {kind} {workspace}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._ended(job))
        self._changed(job)
        return job

    def get(self, job_id: str) -> Job:
        """Raises `NotFound`."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise NotFound("there is no such job", hint="`GET /api/jobs` lists the newest ones") from None

    def jobs(self) -> list[Job]:
        """The newest first."""
        return list(reversed(self._jobs.values()))

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end; one that is over stays as it is. What was asked for (an intent) is not taken back."""
        job = self.get(job_id)
        task = self._tasks.get(job_id)
        if task is not None:
            task.cancel()
        return job

    async def over(self, job_id: str) -> Job:
        """The job once it is over. Raises `NotFound`."""
        job, task = self.get(job_id), self._tasks.get(job_id)
        if task is not None:
            await asyncio.wait({task})
        return job

    async def _carry_out(self, job: Job, work: Work) -> None:
        def tell(text: str, done: int | None = None, total: int | None = None) -> None:
            told = {"text": text, "done": done, "total": total}
            if told != job.progress:
                job.progress = told
                self._changed(job)

        self._move(job, "running")
        try:
            job.result = await work(tell)
            self._move(job, "done")
        except SlipwayError as error:
            self._fail(job, error)
        except Exception:
            log.exception("job %s (%s) failed", job.id, job.kind)
            self._fail(job, SlipwayError("an internal error", hint="the monitor's log has the details"))

    def _fail(self, job: Job, error: SlipwayError) -> None:
        job.error = error.as_json()["error"]
        self._move(job, "failed")

    def _ended(self, job: Job) -> None:
        """Also reached by a job that was cancelled before its first step, which `_carry_out` never sees."""
        self._tasks.pop(job.id, None)
        if job.state not in OVER:
            self._move(job, "cancelled")

    def _move(self, job: Job, state: str) -> None:
        job.state = state
        self._changed(job)

    def _changed(self, job: Job) -> None:
        self._emit({"type": "job", "job": job.as_json()})

    def _forget_old(self) -> None:
        over = [j.id for j in self._jobs.values() if j.state in OVER]
        for job_id in over[: max(0, len(self._jobs) - KEPT)]:
            del self._jobs[job_id]
