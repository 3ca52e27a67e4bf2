"""What every path takes and answers, as one table: requests are checked against it before any handler sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from monitor.domain.packing import Packing
from monitor.errors import UsageError
from monitor.web import queries, shapes
from monitor.web.answers import Handler, as_text, body
from monitor.web.guard import SAFE_METHODS

JSON, NDJSON, BYTES, TEXT = "application/json", "application/x-ndjson", "application/octet-stream", "text/plain"
MOST = 10_000
PLAIN = {
    "missing": "is missing",
    "string_type": "is not a text",
    "string_pattern_mismatch": "is not a number",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "bool_type": "is not true or false",
    "list_type": "is not a list",
    "too_short": "is empty",
}
"""What pydantic calls them, as the handlers' own refusals say it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """`answers` maps each success to what it answers with (a component's name, "" for any JSON, or a media type).

    `page` is the field of an item that `?after=` goes on behind; `raw`: the body is bytes, not JSON.
    """

    answers: tuple[tuple[int, str], ...] = ((200, ""),)
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    page: str = ""
    raw: bool = False
    headers: tuple[str, ...] = ()


_LIST, _ONE, _JOB = ((200, "Items"),), ((200, "Workspace"),), ((202, "Job"),)
_ARCHIVE = tuple((200, one.media_type) for one in Packing)
_W = "/api/workspaces/{name}"
DEFAULT = Operation()
TABLE: dict[tuple[str, str], Operation] = {
    ("GET", "/api/me"): Operation(((200, "Caller"),)),
    ("GET", "/api/logs"): Operation(query=shapes.Lines),
    ("GET", "/api/project/{name}/logs"): Operation(query=shapes.Followed, answers=((200, ""), (200, NDJSON))),
    ("GET", "/api/projects"): Operation(_LIST, query=shapes.Workspaces, page="name"),
    ("GET", "/api/workspaces"): Operation(_LIST, query=shapes.Workspaces, page="name"),
    ("POST", "/api/workspaces"): Operation(((201, ""), *_JOB), body=shapes.NewWorkspace),
    ("POST", "/api/import"): Operation(((201, ""),), query=shapes.Import, raw=True),
    ("GET", _W): Operation(_ONE),
    ("GET", _W + "/status"): Operation(_ONE),
    ("GET", _W + "/logs"): Operation(query=shapes.Followed, answers=((200, ""), (200, NDJSON))),
    ("POST", _W + "/start"): Operation(_JOB),
    ("POST", _W + "/stop"): Operation((*_ONE, *_JOB)),
    ("POST", _W + "/restart"): Operation(_JOB),
    ("POST", _W + "/run"): Operation(_JOB, body=shapes.Run),
    ("GET", _W + "/files"): Operation(query=shapes.Listing),
    ("GET", _W + "/files/{path}"): Operation(((200, BYTES),), query=queries.At),
    ("PUT", _W + "/files/{path}"): Operation(
        ((200, ""), (201, "")), query=shapes.Put, raw=True, headers=("If-Match", "If-None-Match")
    ),
    ("DELETE", _W + "/files/{path}"): Operation(headers=("If-Match",)),
    ("POST", _W + "/restore"): Operation(((200, ""), *_JOB), body=shapes.Restore),
    ("POST", "/api/restore"): Operation(_JOB, body=shapes.RestoreAll),
    ("GET", _W + "/revisions"): Operation(_LIST, query=shapes.Revisions),
    ("GET", _W + "/revisions/{seq}/archive"): Operation(_ARCHIVE, query=shapes.Archive),
    ("GET", _W + "/revisions/{seq}"): Operation(query=queries.Revision),
    ("GET", _W + "/diff"): Operation(query=queries.Diff),
    ("GET", _W + "/history"): Operation(_LIST, query=queries.Versions),
    ("GET", _W + "/timeline"): Operation(_LIST, query=shapes.Timeline),
    ("GET", _W + "/forks"): Operation(_LIST, query=queries.Forks, page="workspace"),
    ("GET", _W + "/tree"): Operation(query=queries.Tree),
    ("GET", _W + "/compare"): Operation(query=shapes.Compare),
    ("GET", _W + "/snapshots"): Operation(_LIST, query=queries.Snapshots, page="name"),
    ("POST", _W + "/snapshots"): Operation(((201, ""),), body=shapes.NewSnapshot, query=shapes.About),
    ("GET", _W + "/snapshots/{snapshot}"): Operation(query=shapes.About),
    ("PATCH", _W + "/snapshots/{snapshot}"): Operation(body=shapes.ChangedSnapshot, query=shapes.About),
    ("DELETE", _W + "/snapshots/{snapshot}"): Operation(query=shapes.About),
    ("GET", _W + "/output"): Operation(query=queries.Output),
    ("DELETE", _W): Operation(((200, ""), *_JOB), query=queries.Delete),
    ("POST", _W + "/sync"): Operation(((200, ""), *_JOB), body=shapes.Sync),
    ("POST", _W + "/fork"): Operation(_JOB, body=shapes.Fork),
    ("POST", _W + "/verify"): Operation(_JOB, body=shapes.Verify, query=shapes.About),
    ("GET", _W + "/retention"): Operation(query=shapes.About),
    ("POST", _W + "/retention"): Operation(_JOB, query=shapes.About),
    ("POST", _W + "/purge"): Operation(((200, ""), *_JOB), body=shapes.Purge),
    ("GET", "/api/jobs"): Operation(_LIST, query=shapes.Paged, page="id"),
    ("GET", "/api/jobs/{id}"): Operation(((200, "Job"),)),
    ("DELETE", "/api/jobs/{id}"): Operation(((200, "Job"),)),
    ("GET", "/api/jobs/{id}/log"): Operation(((200, NDJSON),), query=shapes.JobLog),
    ("GET", "/api/usage"): Operation(query=queries.Usage),
    ("GET", "/api/audit"): Operation(_LIST, query=queries.Audit),
    ("GET", "/api/tokens"): Operation(_LIST, query=shapes.Paged, page="id"),
    ("POST", "/api/tokens"): Operation(((201, ""),), body=shapes.NewToken),
    ("GET", "/api/destinations"): Operation(_LIST, query=shapes.Paged, page="name"),
    ("POST", "/api/destinations/{name}/run"): Operation(_JOB, body=shapes.Backup),
    ("POST", "/api/destinations/{name}/verify"): Operation(_JOB, body=shapes.VerifyBackup),
    ("GET", "/api/templates"): Operation(_LIST, query=shapes.Paged, page="id"),
    ("GET", "/api/names"): Operation(query=shapes.Name),
    ("GET", "/api/guide"): Operation(((200, "text/markdown"),)),
    ("GET", "/api/metrics"): Operation(((200, TEXT),)),
    ("GET", "/api/events"): Operation(((101, ""),), query=queries.Since),
}


def operation_of(method: str, path: str) -> Operation:
    """A path's row, an ordinary one where it has none; `path` as routes spell it, without patterns."""
    return TABLE.get((method, path), DEFAULT)


@web.middleware
async def shaped(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what is not as the table says, with the field's name; give lists in pages where that is asked."""
    resource = request.match_info.route.resource
    if request.match_info.http_exception is not None or resource is None:
        return await handler(request)
    operation = operation_of(request.method, resource.canonical)
    if operation.query is not None:
        _checked(operation.query, dict(request.query))
    if operation.body is not None:
        _checked(operation.body, await body(request))
    elif operation is not DEFAULT and not operation.raw and request.method not in SAFE_METHODS:
        await body(request)
    response = await handler(request)
    if operation.page and {"limit", "after"} & request.query.keys() and isinstance(response, web.Response):
        _page(response, operation.page, request)
    return response


def _checked(model: type[BaseModel], value: dict[str, Any]) -> None:
    try:
        model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:60]
        said = PLAIN.get(first["type"]) or f"is not right: {first['msg'][:200]}"
        raise UsageError(f"{field} {said}", hint="`GET /api/openapi.json` says what each path takes") from None


def _page(response: web.Response, field: str, request: web.Request) -> None:
    """Cut `items` to those after `?after=`, at most `?limit=`; `next` is what to give as `after` then."""
    value = json.loads(response.text or "{}")
    items = value.get("items")
    if response.status != 200 or not isinstance(items, list):
        return
    after, limit = request.query.get("after"), min(int(request.query.get("limit") or MOST), MOST)
    begin = 0
    if after is not None:
        begin = next((n + 1 for n, one in enumerate(items) if str(one.get(field)) == after), len(items))
    page = items[begin : begin + max(1, limit)]
    more = begin + len(page) < len(items)
    response.text = as_text({**value, "items": page, "next": str(page[-1].get(field)) if more and page else None})
