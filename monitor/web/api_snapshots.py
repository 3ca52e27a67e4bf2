"""Snapshots over the API: made, listed, shown as a tree, changed, deleted."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.history.revision import Why
from monitor.domain.streams import is_data, workspace_of
from monitor.services.data.data import Data
from monitor.services.git.following import Following
from monitor.services.past.past import Past
from monitor.services.past.reading import NEWEST
from monitor.web.answers import answer, body
from monitor.web.api_history import given
from monitor.web.asking import flag, maybe_number, maybe_text, only, query_flag, stream, text, texts
from monitor.web.guard import needs


class Snapshots:
    """The handlers; `routes` is the table. With `?data=true` each is about the data volume instead of the source."""

    def __init__(self, past: Past | None, data: Data | None = None, git: Following | None = None) -> None:
        self._past, self._data, self._git = past, data, git

    def routes(self) -> list[web.RouteDef]:
        """Every path about snapshots."""
        every = "/api/workspaces/{name}/snapshots"
        one = every + "/{snapshot}"
        return [
            web.get(every, self.snapshots),
            web.post(every, self.create),
            web.get(one, self.snapshot),
            web.patch(one, self.change),
            web.delete(one, self.delete),
            web.get("/api/workspaces/{name}/tree", self.tree),
        ]

    @needs(Scope.READ)
    async def snapshots(self, request: web.Request) -> web.Response:
        """A workspace's snapshots, that of the newest revision first (`?tag=`: only those with it)."""
        return answer(await self._reading.listed(stream(request), tag=request.query.get("tag") or None))

    @needs(Scope.OPERATE)
    async def create(self, request: web.Request) -> web.Response:
        """Name what is there now: `{"name", "note", "tags", "ttl_s"}`; with `revision`, that one instead.

        `revision` is a number, or what names one: a snapshot, a moment, `newest`. What the data volume holds now gets
        the same name, unless a revision is named or `?data=false` says not to.
        """
        asked = only(await body(request), "name", "note", "tags", "ttl_s", "revision")
        revision = asked.get("revision")
        which = str(revision) if type(revision) is int else maybe_text(asked, "revision")
        snapshot, acting, about = text(asked, "name"), given(self._past).acting, stream(request)
        how: dict[str, Any] = {
            "note": text(asked, "note"),
            "tags": texts(asked, "tags"),
            "ttl_s": maybe_number(asked, "ttl_s"),
        }
        if is_data(about) and which is None:
            which = NEWEST
            if self._data is not None:
                await self._data.kept(workspace_of(about), Why.MANUAL)
        made = await acting.snapshot(about, snapshot, revision=which, **how)
        if self._git is not None and not is_data(about):
            self._git.snapshot_made(about, made)
        if which is None and self._data is not None and request.query.get("data") != "false":
            made["data"] = await self._data.snapshot(about, snapshot, **how)
        return answer(made, 201)

    @needs(Scope.READ)
    async def snapshot(self, request: web.Request) -> web.Response:
        """One snapshot, with the revision it names."""
        return answer(await self._reading.shown(stream(request), request.match_info["snapshot"]))

    @needs(Scope.OPERATE)
    async def change(self, request: web.Request) -> web.Response:
        """Change `{"note", "add_tags", "remove_tags", "ttl_s", "forever"}`; what is not named stays."""
        asked = only(await body(request), "note", "add_tags", "remove_tags", "ttl_s", "forever")
        changes: dict[str, Any] = {
            "note": maybe_text(asked, "note"),
            "add_tags": texts(asked, "add_tags"),
            "remove_tags": texts(asked, "remove_tags"),
            "ttl_s": maybe_number(asked, "ttl_s"),
            "forever": flag(asked, "forever"),
        }
        changed = await given(self._past).acting.change_snapshot(
            stream(request), request.match_info["snapshot"], changes
        )
        return answer(changed)

    @needs(Scope.OPERATE)
    async def delete(self, request: web.Request) -> web.Response:
        """Remove a name; the revision it names stays as long as retention keeps it."""
        return answer(await given(self._past).acting.delete_snapshot(stream(request), request.match_info["snapshot"]))

    @needs(Scope.READ)
    async def tree(self, request: web.Request) -> web.Response:
        """What descends from what: restores and forks are branches (`?whole=true`: every single revision)."""
        return answer(await self._reading.tree(stream(request), whole=query_flag(request, "whole")))

    @property
    def _reading(self) -> Any:
        return given(self._past).reading
