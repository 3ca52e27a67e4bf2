"""`run`: a person's command in a short-lived instance of a workspace, as a job whose output can be followed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.command import Command, Ran
from monitor.domain.launch import LaunchSpec
from monitor.domain.redaction import Redactor
from monitor.errors import NotFound, Refused, SlipwayError
from monitor.ports.engine import Engine
from monitor.ports.scratch import Scratch
from monitor.services.jobs import Job, Jobs, Tell
from monitor.services.registry import Registry
from monitor.services.running.bringing import Bringer, Brought
from monitor.services.running.output import Output, Outputs
from monitor.services.survey import Look, Survey

DEFAULT_S, LONGEST_S = 600, 86_400
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What to run: `argv` as it is, at most `timeout_s` long; `keep` brings changed source back."""

    argv: tuple[str, ...]
    timeout_s: float = DEFAULT_S
    keep: bool = False


class TimedOut(SlipwayError):
    """The command took longer than it was given, and was ended."""

    reason = "timeout"


class Running:
    """Runs commands as jobs, a few at once; `roots` gives each workspace's folder."""

    def __init__(
        self,
        engine: Engine,
        survey: Survey,
        bringer: Bringer,
        scratch: Scratch,
        jobs: Jobs,
        registry: Registry,
    ) -> None:
        self._engine, self._survey, self._bringer = engine, survey, bringer
        self._scratch, self._jobs, self._registry = scratch, jobs, registry
        self._free = asyncio.Semaphore(AT_ONCE)
        self.outputs = Outputs()

    def begin(self, name: str, asked: Asked) -> Job:
        """Start it; the job's result is `{"exit_code", "output_tail", "truncated", "kept"}`.

        Raises `NotFound`, and `Conflict` before the monitor is up. The job fails where the command cannot be run or
        takes too long; one that ran and ended, however, is done.
        """
        state = self._registry.get(name)
        if state is None:
            raise NotFound(f"there is no workspace '{name[:60]}'", hint="`slipway list` shows all of them")
        folder = self._bringer.root / state.folder
        output: list[Output] = []

        async def work(tell: Tell) -> dict[str, Any]:
            return await self._work(job.id, name, folder, asked, tell, output[0])

        job = self._jobs.begin("run", name, work)
        output.append(self.outputs.new(job.id))
        return job

    async def _work(
        self, job: str, name: str, folder: Path, asked: Asked, tell: Tell, output: Output
    ) -> dict[str, Any]:
        try:
            tell("waiting for other commands")
            async with self._free:
                return await self._run(job, name, folder, asked, tell, output)
        except SlipwayError as error:
            output.say(f"slipway: {error.message}")
            raise
        finally:
            output.end()

    async def _run(
        self, job: str, name: str, folder: Path, asked: Asked, tell: Tell, output: Output
    ) -> dict[str, Any]:
        # In its turn: its keeper looks too, and what was noticed meanwhile is told only once.
        async with self._bringer.turns.hold(name):
            look = await self._survey.look(name, folder)
        spec = _runnable(look)
        output.hide(Redactor(look.secrets))
        into = await self._scratch.make(f"run-{job}") if asked.keep else None
        try:
            tell("preparing")
            await self._engine.prepare(spec, look.launch, tell)
            tell("running")
            ran = await self._timed(spec, look, Command(job, asked.argv), asked.timeout_s, output, into)
            brought = None
            if into is not None:
                tell("bringing back what it changed")
                brought = await self._bringer.bring(job, name, folder, look, into)
        finally:
            if into is not None:
                await self._scratch.remove(into)
        return _result(ran, output, brought)

    async def _timed(
        self, spec: LaunchSpec, look: Look, command: Command, seconds: float, output: Output, into: Path | None
    ) -> Ran:
        flushing: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                flushing = group.create_task(output.flushing(), name=f"flush {command.id}")
                ran = await self._engine.run(spec, look.launch, command, output.take, into)
                flushing.cancel()
                return ran
        except TimeoutError:
            raise TimedOut(
                f"it was ended after {seconds:g} s", hint="give it longer with timeout_s (`slipway run --timeout`)"
            ) from None
        except BaseExceptionGroup as errors:
            raise _first(errors) from None


def _runnable(look: Look) -> LaunchSpec:
    if look.spec is None:
        raise Refused(
            f"nothing here says what to run commands with: {look.reason}",
            hint=look.hint or "add slipway.yaml with a `type:`",
        )
    return look.spec


def _result(ran: Ran, output: Output, brought: Brought | None) -> dict[str, Any]:
    output.end()
    tail = output.tail()
    return {
        "exit_code": ran.exit_code,
        "reason": ran.reason,
        "output_tail": tail,
        "truncated": output.truncated,
        "kept": brought.as_json() if brought else None,
    }


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
