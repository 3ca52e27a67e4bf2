"""Destinations over the API: how far each copy is, copy now, read it back, confirm removals."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.destinations import PRIMARY, Mode
from monitor.domain.workspace import NAME
from monitor.errors import NotFound, UsageError
from monitor.services.destinations.backups import Asked, Backups
from monitor.services.jobs import Jobs, Tell
from monitor.web.answers import answer, body
from monitor.web.guard import WHO, Forbidden, needs

FLAGS = {"dry_run", "start_over", "confirm"}


class Destinations:
    """The handlers; `routes` is the table. `primary` is the name of the store itself."""

    def __init__(self, backups: Backups | None, jobs: Jobs) -> None:
        self._given, self._jobs = backups, jobs

    def routes(self) -> list[web.RouteDef]:
        """Every path about destinations."""
        one = "/api/destinations/{name}"
        return [
            web.get("/api/destinations", self.destinations),
            web.post(one + "/run", self.run),
            web.post(one + "/verify", self.verify),
            web.post(one + "/confirm", self.confirm),
        ]

    @needs(Scope.READ)
    async def destinations(self, request: web.Request) -> web.Response:
        """Every destination: how far its copy is, when it was last verified, what went wrong."""
        return answer({"items": self._given.listed() if self._given else []})

    @needs(Scope.OPERATE)
    async def run(self, request: web.Request) -> web.Response:
        """Copy now: `{"mode", "workspaces": [..], "dry_run", "start_over", "confirm"}`; a job."""
        name, asked = request.match_info["name"], _asked(await body(request))
        if asked.confirm:
            _may_confirm(request, name)
        backups = self._backups(name)

        async def work(tell: Tell) -> Any:
            return await backups.run(name, asked, tell)

        return answer(self._jobs.begin("backup", name, work).as_json(), 202)

    @needs(Scope.OPERATE)
    async def verify(self, request: web.Request) -> web.Response:
        """Read everything there back: `{"workspaces": [..], "repair"}`; a job."""
        name, asked = request.match_info["name"], await body(request)
        _known(asked, {"workspaces", "repair"})
        names, repair = _names(asked), _flag(asked, "repair", default=True)
        backups = self._backups(name)

        async def work(tell: Tell) -> Any:
            return await backups.verify(name, names=names, repair=repair, tell=tell)

        return answer(self._jobs.begin("verify-backup", name, work).as_json(), 202)

    @needs(Scope.OPERATE)
    async def confirm(self, request: web.Request) -> web.Response:
        """Say that what is gone from the primary may go from the mirror at this destination too.

        At a copy that is for ever, and another history there is replaced: it needs an admin, as purging does.
        """
        name = request.match_info["name"]
        backups = self._backups(name)
        _may_confirm(request, name)
        return answer(backups.confirm(name))

    def _backups(self, name: str) -> Backups:
        if self._given is None:
            raise NotFound(f"there is no destination {name[:60]!r}", hint="`slipway backup add` makes one")
        if name != PRIMARY:
            self._given.destinations.get(name)
        return self._given


def _may_confirm(request: web.Request, name: str) -> None:
    """The mirror of the primary can be made again from the history, what is gone from a copy cannot."""
    token = request.get(WHO)
    if name != PRIMARY and token is not None and token.scope < Scope.ADMIN:
        raise Forbidden(
            "removing what a copy holds needs a token of scope 'admin'",
            hint="`slipway backup confirm` on the host, or `slipway token new --scope admin`",
        )


def _asked(given: dict[str, Any]) -> Asked:
    _known(given, FLAGS | {"mode", "workspaces"})
    try:
        mode = Mode(given["mode"]) if given.get("mode") is not None else None
    except ValueError:
        raise UsageError("mode is not one there is", hint=f"modes are {', '.join(Mode)}") from None
    return Asked(mode, _names(given), **{flag: _flag(given, flag) for flag in FLAGS})


def _known(given: dict[str, Any], fields: set[str]) -> None:
    if unknown := given.keys() - fields:
        raise UsageError(f"unknown field {min(unknown)[:40]!r}", hint=f"fields are {', '.join(sorted(fields))}")


def _names(given: dict[str, Any]) -> tuple[str, ...]:
    names = given.get("workspaces") or []
    if not isinstance(names, list) or not all(isinstance(n, str) and NAME.match(n) for n in names):
        raise UsageError("workspaces is not a list of names", hint="leave it out for all of them")
    return tuple(names)


def _flag(given: dict[str, Any], name: str, *, default: bool = False) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise UsageError(f"{name} is not true or false")
    return value
