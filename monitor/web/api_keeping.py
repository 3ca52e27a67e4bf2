"""Keeping over the API: keep now, fork, verify, confirm losses, retention, delete, purge; long work is a job."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.workspace import NAME
from monitor.errors import UsageError
from monitor.services.data.data import Data
from monitor.services.git.following import Following
from monitor.services.jobs import Jobs, Tell, Work
from monitor.services.past.past import Past
from monitor.web.answers import answer, body
from monitor.web.api_history import given
from monitor.web.asking import choice, flag, maybe_number, maybe_text, only, query_flag, stream, text, workspace
from monitor.web.guard import needs
from monitor.web.restoring import volumes


class Keeping:
    """The handlers; `routes` is the table."""

    def __init__(self, past: Past | None, jobs: Jobs, data: Data | None = None, git: Following | None = None) -> None:
        self._past, self._jobs, self._data, self._git = past, jobs, data, git

    def routes(self) -> list[web.RouteDef]:
        """Every path that keeps, or takes away what was kept."""
        one = "/api/workspaces/{name}"
        return [
            web.delete(one, self.delete),
            web.post(one + "/sync", self.sync),
            web.post(one + "/fork", self.fork),
            web.post(one + "/verify", self.verify),
            web.post(one + "/confirm-deletes", self.confirm_deletes),
            web.get(one + "/retention", self.retention),
            web.post(one + "/retention", self.collect),
            web.post(one + "/purge", self.purge),
        ]

    @needs(Scope.OPERATE)
    async def sync(self, request: web.Request) -> web.Response:
        """Keep what is there right now: `{"direction": "push"}`; a job that is over once the store has it.

        `{"direction": "pull"}` brings what changed at the remote of `git:`; a push goes there, too.

        `{"data": true}`: what the data volume holds instead.
        """
        name, asked = workspace(request), only(await body(request), "direction", "data")
        acting = given(self._past).acting
        if flag(asked, "data"):
            await acting.folder(name)
            return self._job("sync", name, lambda tell: volumes(self._data).keep(name, tell))
        direction = choice(asked, "direction", ("push", "pull"), "push")
        await acting.folder(name)
        git = self._git
        if git is not None and direction == "pull":
            await git.check(name)
            return self._job("pull", name, lambda tell: git.pull(name, tell))
        if direction == "pull":
            return answer(await acting.pull(name))
        return self._job("sync", name, lambda tell: git.push(name, tell) if git else acting.push(name, tell))

    @needs(Scope.OPERATE)
    async def fork(self, request: web.Request) -> web.Response:
        """Make a new workspace of this one: `{"as", "at"|"revision"|"snapshot"}`, as it is now unless told; a job.

        `{"with_data": true}`: it also gets what the data volume holds now, or held at `at`.
        """
        name, asked = workspace(request), only(await body(request), "as", "at", "revision", "snapshot", "with_data")
        as_name = text(asked, "as")
        if not NAME.match(as_name):
            raise UsageError(f"as={as_name[:60]!r} cannot be a workspace's name", hint="up to 40 of a-z, 0-9 and -")
        at, snapshot = maybe_text(asked, "at"), maybe_text(asked, "snapshot")
        revision, acting = maybe_number(asked, "revision"), given(self._past).acting
        data = volumes(self._data) if flag(asked, "with_data") else None

        async def work(tell: Tell) -> Any:
            made = await acting.fork(name, as_name, at=at, revision=revision, snapshot=snapshot, tell=tell)
            return made if data is None else {**made, "data": await data.fork(name, as_name, at=at, tell=tell)}

        return self._job("fork", name, work)

    @needs(Scope.OPERATE)
    async def verify(self, request: web.Request) -> web.Response:
        """Look at every object of its history, with `{"read_data": true}` at every byte; a job."""
        name, asked = stream(request), only(await body(request), "read_data")
        reading, read_data = given(self._past).reading, flag(asked, "read_data")
        return self._job("verify", name, lambda tell: reading.verify(name, read_data=read_data, tell=tell))

    @needs(Scope.OPERATE)
    async def confirm_deletes(self, request: web.Request) -> web.Response:
        """Say that what vanished all at once is meant to be gone."""
        return answer(await given(self._past).acting.confirm_deletes(workspace(request)))

    @needs(Scope.READ)
    async def retention(self, request: web.Request) -> web.Response:
        """What retention would keep and remove now, each with its reasons."""
        return answer(await given(self._past).acting.collect(stream(request), dry_run=True))

    @needs(Scope.OPERATE)
    async def collect(self, request: web.Request) -> web.Response:
        """Apply retention now instead of within the hour; a job."""
        name, acting = stream(request), given(self._past).acting
        only(await body(request))

        async def work(tell: Tell) -> Any:
            tell("reading the history")
            return await acting.collect(name, dry_run=False)

        return self._job("retention", name, work)

    @needs(Scope.OPERATE)
    async def delete(self, request: web.Request) -> web.Response:
        """Delete a workspace's folder once all of it is kept; `restore` brings it back. A job.

        Refused while it holds files that are in no revision, unless `?force=true`.
        """
        name, force, removing = workspace(request), query_flag(request, "force"), given(self._past).removing
        await removing.acting.folder(name)
        return self._job("delete", name, lambda tell: removing.delete(name, force=force, tell=tell))

    @needs(Scope.ADMIN)
    async def purge(self, request: web.Request) -> web.Response:
        """Remove all that was ever kept of a deleted workspace: `{"confirm": its name, "dry_run"}`; a job."""
        name, asked = workspace(request), only(await body(request), "confirm", "dry_run")
        confirm, dry_run, removing = text(asked, "confirm"), flag(asked, "dry_run"), given(self._past).removing
        await removing.check(name, confirm, dry_run=dry_run)
        return self._job("purge", name, lambda tell: removing.purge(name, confirm, dry_run=dry_run, tell=tell))

    def _job(self, kind: str, name: str, work: Work) -> web.Response:
        return answer(self._jobs.begin(kind, name, work).as_json(), 202)
