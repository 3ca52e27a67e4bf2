"""New workspaces over the API: from a template, from what was kept, from an archive or a folder sent here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from aiohttp import BodyPartReader, web

from monitor.domain.access import Scope
from monitor.domain.creating.naming import suggested
from monitor.errors import NotFound, SlipwayError, UsageError
from monitor.services.creating import Creating, Upload
from monitor.services.destinations.destination import silent
from monitor.services.git.following import Following
from monitor.services.jobs import Jobs
from monitor.web.answers import answer, body
from monitor.web.asking import Given, maybe_text, needed, only, query_text, text
from monitor.web.guard import needs
from monitor.web.pieces import CHUNK, in_time, paced, pieces

SOURCES = ("template", "from")


class Creations:
    """The handlers; `routes` is the table."""

    def __init__(self, creating: Creating | None, git: Following | None = None, jobs: Jobs | None = None) -> None:
        self._given, self._git, self._jobs = creating, git, jobs

    def routes(self) -> list[web.RouteDef]:
        """Every path that makes a workspace."""
        return [
            web.post("/api/workspaces", self.create),
            web.post("/api/import", self.import_),
            web.get("/api/templates", self.templates),
            web.get("/api/names", self.names),
        ]

    @needs(Scope.OPERATE)
    async def create(self, request: web.Request) -> web.Response:
        """Make a workspace: `{"name", "template"}` or `{"name", "from": "shop@v1"}` (a snapshot, revision, moment).

        `from` without `@` is the workspace as it is now. `{"name", "git": {"url", "branch"}}`, or with the address
        alone, takes a remote repository's files, and follows it; a job.
        """
        asked = only(await body(request), "name", *SOURCES, "git")
        if asked.get("git") is not None:
            return await self._from_git(asked)
        name, creating = text(asked, "name"), self._creating
        given = [source for source in SOURCES if text(asked, source)]
        if len(given) != 1:
            raise UsageError(
                "say what it begins with: one of template, from and git", hint='such as {"template": "page"}'
            )
        if given == ["template"]:
            return answer(await creating.from_template(name, text(asked, "template")), 201)
        return answer(await creating.from_past(name, text(asked, "from"), silent), 201)

    @needs(Scope.OPERATE)
    async def import_(self, request: web.Request) -> web.Response:
        """Make the workspace `?name=` of the body: a zip, tar or tar.gz, or a folder's files as multipart/form-data.

        Each part's file name is its path. It is there whole, or not at all.
        """
        name, creating = needed(request, "name"), self._creating
        if request.content_type == "multipart/form-data":
            return answer(await creating.from_files(name, _uploads(request)), 201)
        if request.content_type == "application/json":
            raise UsageError("an archive is sent as it is", hint="`curl --data-binary @shop.zip …`")
        return answer(await creating.from_archive(name, pieces(request)), 201)

    @needs(Scope.READ)
    async def templates(self, request: web.Request) -> web.Response:
        """The small projects a workspace can begin with."""
        return answer({"items": [one.as_json() for one in self._creating.templates.values()]})

    @needs(Scope.READ)
    async def names(self, request: web.Request) -> web.Response:
        """Whether `?name=` may be a new workspace's, why not, and the nearest that is free."""
        wish, creating = query_text(request, "name"), self._creating
        try:
            await creating.free(wish)
        except SlipwayError as error:
            free, why = False, error.message
        else:
            free, why = True, ""
        near = suggested(wish, await creating.folders())
        return answer({"name": wish, "free": free, "why": why, "suggestion": near, "kept": await creating.kept(wish)})

    async def _from_git(self, asked: Given) -> web.Response:
        name, said, git = text(asked, "name"), asked["git"], self._git
        if any(asked.get(source) is not None for source in SOURCES):
            raise UsageError("say one thing it begins with", hint='{"git": {"url": "https://…"}}')
        where = only(said, "url", "branch") if isinstance(said, dict) else {"url": text(asked, "git")}
        url, branch = text(where, "url"), maybe_text(where, "branch")
        if git is None or self._jobs is None:
            raise NotFound("no workspaces are made here")
        await git.ready(name, url, branch)
        return answer(self._jobs.begin("new", name, lambda tell: git.make(name, url, branch, tell)).as_json(), 202)

    @property
    def _creating(self) -> Creating:
        if self._given is None:
            raise NotFound("no workspaces are made here")
        return self._given


async def _uploads(request: web.Request) -> AsyncIterator[Upload]:
    """The files of a form, one after the other as they come; raises `UsageError` for another body."""
    try:
        form = await request.multipart()
        while (part := await in_time(form.next())) is not None:
            if not isinstance(part, BodyPartReader) or not part.filename:
                raise UsageError(
                    "a part of the form is no file", hint="send files only, each with its path as its name"
                )
            yield _as_meant(part.filename), paced(partial(part.read_chunk, CHUNK))
    except (ValueError, AssertionError) as error:
        raise UsageError("the form is cut short or damaged", hint="send it again") from error


def _as_meant(name: str) -> str:
    """What browsers escape in a file's name (HTML, multipart/form-data encoding algorithm)."""
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
