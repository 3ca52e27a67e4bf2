"""The queries of paths that look closely: at one revision, at differences, at what was printed, at who did what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.web.shapes import About, Count, Flag, Paged, Query

Which = Annotated[str, Field(description="A revision's number, a snapshot's name, a moment, or `newest`.")]
Below = Annotated[str | None, Field(description="Only this file, or what is below this folder.")]


class Revision(About):
    listing: Annotated[Flag | None, Field(description="Its files, too.")] = None
    path: Below = None
    after: Annotated[str | None, Field(description="An answer's `next`.")] = None
    limit: Count | None = None


class Diff(About):
    from_: Annotated[Which, Field(alias="from")]
    to: Which | None = None
    path: Below = None
    text: Annotated[Flag | None, Field(description="With the unified difference of the file `path`.")] = None


class Versions(About):
    path: Annotated[str, Field(description="The file.")]
    follow: Annotated[Flag | None, Field(description="Also under the names it had before.")] = None


class Forks(Paged, About):
    """In pages."""


class Snapshots(Paged, About):
    tag: Annotated[str | None, Field(description="Only those with this tag.")] = None


class Tree(About):
    whole: Annotated[Flag | None, Field(description="Every single revision.")] = None


class Output(Query):
    after: Annotated[str | None, Field(description="The last answer's `after`.")] = None
    lines: Annotated[Count | None, Field(description="At most so many lines.")] = None


class Usage(Query):
    names: Annotated[str | None, Field(description="Workspaces, with commas between them.")] = None


class Audit(Query):
    limit: Count | None = None
    before: Annotated[Count | None, Field(description="An answer's `next`.")] = None


class At(Query):
    at: Annotated[str | None, Field(description="A revision, a snapshot's name or a moment, instead of now.")] = None


class Since(Query):
    since: Annotated[str | None, Field(description="The last `seq` that was seen: only what came after it.")] = None


class Delete(Query):
    force: Annotated[Flag | None, Field(description="Also where it holds files that are in no revision.")] = None
