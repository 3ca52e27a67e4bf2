"""Restoring over the API: one workspace, or all of them, to a revision, a snapshot or a moment; a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.destinations import PRIMARY
from monitor.domain.restoring.plan import Mode
from monitor.domain.workspace import NAME
from monitor.errors import NotFound, UsageError
from monitor.services.data.data import Data
from monitor.services.destinations.destination import silent
from monitor.services.jobs import Jobs, Tell
from monitor.services.restore.restoring import Asked, Restoring
from monitor.web.answers import answer, body
from monitor.web.asking import flag
from monitor.web.guard import Forbidden, needs

TEXTS = ("at", "snapshot", "path", "into", "as", "destination")
FLAGS = ("force", "dry_run")
FIELDS = frozenset({*TEXTS, *FLAGS, "revision", "mode"})


class Restores:
    """The handlers; `routes` is the table. `trusted`: only who owns the data folder gets here."""

    def __init__(
        self, restoring: Restoring | None, jobs: Jobs, data: Data | None = None, *, trusted: bool = False
    ) -> None:
        self._given, self._jobs, self._data, self._trusted = restoring, jobs, data, trusted

    def routes(self) -> list[web.RouteDef]:
        """Every path about restoring."""
        return [
            web.post("/api/workspaces/{name}/restore", self.one),
            web.post("/api/restore", self.all),
        ]

    @needs(Scope.OPERATE)
    async def one(self, request: web.Request) -> web.Response:
        """Put a workspace back: `{"at"|"revision"|"snapshot", "mode", "path", "into"|"as", "dry_run"}`; a job.

        Without a moment a deleted workspace comes back as it was last. `dry_run` answers with the plan at once.
        `data`: its data volume, and nothing else. `destination` restores straight from a copy; `into`, a folder on
        the host, works on the control socket only.
        """
        name, given = request.match_info["name"], await body(request)
        if not NAME.match(name):
            raise NotFound(f"there is no workspace {name[:60]!r}", hint="`slipway list` shows all of them")
        about_data = flag(given, "data")
        asked = _asked({key: value for key, value in given.items() if key != "data"})
        restore = volumes(self._data).restore if about_data else self._restoring().one
        if asked.into is not None and not self._trusted:
            raise Forbidden("a folder on the host is not restored to over the network", hint="use `slipway restore`")

        if asked.dry_run:
            return answer(await restore(name, asked, silent))

        async def work(tell: Tell) -> Any:
            return await restore(name, asked, tell)

        return answer(self._jobs.begin("restore", name, work).as_json(), 202)

    @needs(Scope.OPERATE)
    async def all(self, request: web.Request) -> web.Response:
        """Put every workspace back to a moment: `{"at", "workspaces": [..], "mode", "dry_run"}`; a job."""
        given = await body(request)
        names = given.pop("workspaces", None) or []
        if not isinstance(names, list) or not all(isinstance(n, str) and NAME.match(n) for n in names):
            raise UsageError("workspaces is not a list of names", hint="leave it out for all of them")
        asked, restoring = _asked(given), self._restoring()

        async def work(tell: Tell) -> Any:
            return await restoring.all(names, asked, tell)

        return answer(self._jobs.begin("restore", "all workspaces", work).as_json(), 202)

    def _restoring(self) -> Restoring:
        if self._given is None:
            raise NotFound("nothing is kept here")
        return self._given


def volumes(data: Data | None) -> Data:
    """The data volumes; raises `NotFound` where there are none."""
    if data is None:
        raise NotFound("there are no data volumes here")
    return data


def _asked(given: dict[str, Any]) -> Asked:
    if unknown := given.keys() - FIELDS:
        raise UsageError(f"unknown field {min(unknown)[:40]!r}", hint=f"fields are {', '.join(sorted(FIELDS))}")
    given = {key: value for key, value in given.items() if value is not None}
    for kind, names in ((str, TEXTS), (bool, FLAGS)):
        if wrong := [name for name in names if not isinstance(given.get(name, kind()), kind)]:
            raise UsageError(f"{wrong[0]} is not a {'text' if kind is str else 'true or false'}")
    revision = given.get("revision")
    if revision is not None and type(revision) is not int:
        raise UsageError("revision is not a number")
    try:
        mode = Mode(given.get("mode", "mirror"))
    except ValueError:
        raise UsageError("mode is not one there is", hint=f"modes are {', '.join(Mode)}") from None
    into = Path(given["into"]) if given.get("into") else None
    if into is not None and not into.is_absolute():
        raise UsageError("into is not an absolute path")
    return Asked(
        given.get("at"), revision, given.get("snapshot"), mode, given.get("path", ""), into, given.get("as"),
        given.get("force", False), given.get("dry_run", False), given.get("destination", PRIMARY),
    )  # fmt: skip
