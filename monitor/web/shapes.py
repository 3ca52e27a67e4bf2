"""The bodies and queries the API takes: requests are checked against these models, and it is described by them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0)]
Above0 = Annotated[int, Field(ge=1)]
Texts = list[str]


class Shape(BaseModel):
    """Known fields have the right kind; what a path does not know it refuses itself, by name."""

    model_config = ConfigDict(strict=True, extra="allow", title="")


class Query(BaseModel):
    """Query parameters, which are texts until they are read."""

    model_config = ConfigDict(extra="ignore")


Flag = Literal["true", "false", "1", "0", ""]
Count = Annotated[str, Field(pattern="^[0-9]{1,19}$")]


class About(Query):
    data: Annotated[Flag | None, Field(description="Of the data volume instead of the source.")] = None


class Run(Shape):
    argv: Annotated[Texts, Field(min_length=1, max_length=1000, description="The program and its arguments.")]
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    keep: bool | None = None


class NewWorkspace(Shape):
    name: str
    template: str | None = None
    from_: Annotated[str | None, Field(alias="from", description="WORKSPACE or WORKSPACE@MOMENT.")] = None
    git: Annotated[str | dict[str, Any] | None, Field(description='An address, or {"url", "branch"}.')] = None


class Restore(Shape):
    at: str | None = None
    revision: int | None = None
    snapshot: str | None = None
    mode: Literal["mirror", "merge"] | None = None
    path: str | None = None
    into: str | None = None
    as_: Annotated[str | None, Field(alias="as")] = None
    force: bool | None = None
    dry_run: bool | None = None
    destination: str | None = None
    data: Annotated[bool | None, Field(description="The data volume, and nothing else.")] = None


class RestoreAll(Shape):
    at: str | None = None
    workspaces: Texts | None = None
    mode: Literal["mirror", "merge"] | None = None
    dry_run: bool | None = None
    destination: str | None = None


class NewToken(Shape):
    scope: Literal["read", "operate", "admin"] = "operate"
    ttl_s: Seconds | None = None
    note: str | None = None


class NewSnapshot(Shape):
    name: str
    note: str | None = None
    tags: Texts | None = None
    ttl_s: Above0 | None = None
    revision: str | int | None = None


class ChangedSnapshot(Shape):
    note: str | None = None
    add_tags: Texts | None = None
    remove_tags: Texts | None = None
    ttl_s: Above0 | None = None
    forever: bool | None = None


class Sync(Shape):
    direction: Literal["push", "pull"] | None = None
    data: Annotated[bool | None, Field(description="What the data volume holds instead of the source.")] = None


class Fork(Shape):
    as_: Annotated[str, Field(alias="as")]
    at: str | None = None
    revision: Above0 | None = None
    snapshot: str | None = None
    with_data: Annotated[bool | None, Field(description="Its data volume gets what this one's holds.")] = None


class Verify(Shape):
    read_data: bool | None = None


class Purge(Shape):
    confirm: str | None = None
    dry_run: bool | None = None


class Backup(Shape):
    workspaces: Texts | None = None
    mode: Literal["mirror", "incremental"] | None = None
    dry_run: bool | None = None
    start_over: bool | None = None
    confirm: bool | None = None


class VerifyBackup(Shape):
    workspaces: Texts | None = None
    repair: bool | None = None


class Paged(Query):
    limit: Annotated[str, Field(pattern="^[0-9]{1,6}$", description="At most so many items.")] | None = None
    after: Annotated[str, Field(description="An answer's `next`.")] | None = None


class Lines(Query):
    lines: Annotated[str, Field(pattern="^[0-9]{1,6}$")] | None = None


class Followed(Lines):
    follow: Flag | None = None


class Workspaces(Paged):
    deleted: Flag | None = None


class JobLog(Query):
    after: Annotated[str, Field(pattern="^[0-9]{1,12}$")] | None = None
    follow: Flag | None = None


class Put(Query):
    wait: Flag | None = None


class Listing(Query):
    path: str | None = None
    at: str | None = None


class Revisions(About):
    limit: Count | None = None
    before: Count | None = None


class Timeline(Revisions):
    zoom: Literal["all", "hour", "day", "landmarks", ""] | None = None


class Compare(About):
    from_: Annotated[str, Field(alias="from", description="A revision, snapshot or moment.")]
    path: str
    to: str | None = None
    was: Annotated[str | None, Field(description="The file's name at `from`.")] = None
    whole: Flag | None = None


class Archive(About):
    format: Literal["tar.gz", "zip", ""] | None = None
    path: str | None = None


class Name(Query):
    name: str | None = None


class Import(Query):
    name: str


JOB: dict[str, Any] = {
    "type": "object",
    "required": ["id", "kind", "workspace", "state", "progress", "result", "error"],
    "properties": {
        "id": {"type": "string"},
        "kind": {"type": "string"},
        "workspace": {"type": "string"},
        "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
        "progress": {"type": "object"},
        "result": {},
        "error": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Said"}]},
    },
}
SAID: dict[str, Any] = {
    "type": "object",
    "required": ["reason", "message", "hint"],
    "properties": {name: {"type": "string"} for name in ("reason", "message", "hint")},
}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"$ref": "#/components/schemas/Said"}},
}
ITEMS: dict[str, Any] = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array"}, "next": {}},
}
WORKSPACE: dict[str, Any] = {
    "type": "object",
    "required": ["name", "folder", "type", "phase", "url", "host_url", "evidence", "reason", "sync"],
    "properties": {
        "name": {"type": "string"},
        "phase": {"enum": ["detected", "starting", "serving", "stopped", "parked", "archived", "failed"]},
        "sync": {"type": "object", "required": ["revision", "kept_at", "pending", "mirror_lag_s"]},
    },
}
CALLER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "scope", "note", "expires_at"],
    "properties": {
        "id": {"type": "string"},
        "scope": {"enum": ["read", "operate", "admin"]},
        "note": {"type": "string"},
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
    },
}
COMPONENTS = {
    "Job": JOB, "Said": SAID, "Error": ERROR, "Items": ITEMS, "Workspace": WORKSPACE, "Caller": CALLER,
}  # fmt: skip
