"""Writing a workspace's files over the API: one at a time, whole, and only where it is the file the caller meant."""

from __future__ import annotations

import re
from urllib.parse import unquote

from aiohttp import web

from monitor.domain.access import Scope
from monitor.errors import NotFound, UsageError
from monitor.ports.writing import Changed, Expected
from monitor.services.writing import Writes
from monitor.web.answers import answer, failure
from monitor.web.asking import query_flag, workspace
from monitor.web.guard import needs
from monitor.web.pieces import pieces

PATH = r"/api/workspaces/{name}/files/{path:[\s\S]+}"
_TAG = re.compile(r'(?:W/)?"([^"]*)"|(\*)')


class FileWrites:
    """The handlers; `routes` is the table. Reading is `monitor.web.api_insight`'s part."""

    def __init__(self, writes: Writes | None) -> None:
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """What changes files."""
        return [web.put(PATH, self.put), web.delete(PATH, self.delete)]

    @needs(Scope.OPERATE)
    async def put(self, request: web.Request) -> web.Response:
        """Write a file with the body's bytes, its folders where they are missing; 201 where it is new.

        `If-Match: "HASH"` writes only over that content, `If-None-Match: *` only a new file; 412 otherwise. `ETag` is
        the hash of what is there now. `?wait=true` waits for the revision that holds it.
        """
        writes, name, path = self._given, workspace(request), path_of(request)
        try:
            done = await writes.put(name, path, pieces(request), expected(request), wait=query_flag(request, "wait"))
        except Changed as error:
            return _changed(error)
        response = answer(done, 201 if done["created"] else 200)
        response.headers["ETag"] = tag(done["sha256"])
        return response

    @needs(Scope.OPERATE)
    async def delete(self, request: web.Request) -> web.Response:
        """Remove a file; `If-Match: "HASH"` only with that content. It stays in the history."""
        try:
            return answer(await self._given.delete(workspace(request), path_of(request), expected(request)))
        except Changed as error:
            return _changed(error)

    @property
    def _given(self) -> Writes:
        if self._writes is None:
            raise NotFound("nothing can be written here")
        return self._writes


def path_of(request: web.Request) -> str:
    """The path after `/files/`, byte by byte as it was sent."""
    return unquote(request.rel_url.raw_path.partition("/files/")[2], errors="surrogateescape")


def tag(sha256: str) -> str:
    """A hash as an `ETag`."""
    return f'"{sha256}"'


def expected(request: web.Request) -> Expected:
    """What the request's conditions say; raises `UsageError`."""
    return Expected(_tags(request, "If-Match"), _tags(request, "If-None-Match"))


def _tags(request: web.Request, header: str) -> frozenset[str]:
    said = ",".join(request.headers.getall(header, ()))
    found = frozenset(quoted or star for quoted, star in _TAG.findall(said))
    if said.strip() and not found:
        raise UsageError(f"{header} is not a list of hashes", hint='send it as an ETag: "…", or *')
    return found


def _changed(error: Changed) -> web.Response:
    response = failure(error)
    if error.sha256:
        response.headers["ETag"] = tag(error.sha256)
    return response
