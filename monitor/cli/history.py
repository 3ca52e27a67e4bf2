"""`slipway history` and `slipway diff`: what was kept when, and what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.data_option import data_or_folder
from monitor.cli.options import as_json, settings
from monitor.cli.past_reach import looked, path_of, stream, with_query
from monitor.cli.talk import amount, columns, out, out_json, say
from monitor.domain.moments import shown

SIGNS = {"added": "A", "removed": "D", "changed": "M", "renamed": "R", "mode": "P"}


@click.command()
@click.argument("name")
@click.argument("path", required=False)
@click.option(
    "-n", "--lines", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many revisions."
)
@click.option("--before", type=click.IntRange(1), help="Only revisions below this number.")
@click.option("--follow", is_flag=True, help="With PATH: also under the names the file had before.")
@data_or_folder
@as_json
def history(
    name: str,
    path: str | None,
    lines: int,
    before: int | None,
    follow: bool,
    data: Path | None,
    volume: bool,
    as_json: bool,
) -> None:
    """List the revisions of a workspace, the newest first.

    With PATH: every version of that file.

    \b
    Examples:
      slipway history shop
      slipway history shop src/app.js --follow
      slipway history shop --data
      slipway restore shop --revision 12 --path src/app.js
    """
    where = settings({"data": data})
    if path:
        query = with_query(path_of(name, "history"), {"path": path, "follow": follow, "data": volume})
        answer = looked(where, query, "versions", stream(name, volume), path, follow=follow)
    else:
        query = with_query(path_of(name, "revisions"), {"limit": lines, "before": before, "data": volume})
        answer = looked(where, query, "revisions", stream(name, volume), limit=lines, before=before)
    if as_json:
        out_json(answer)
    elif path:
        rows = [
            (v["seq"], shown(v["time"]), v["kind"], v["what"], _size(v["size"]), v["path"]) for v in answer["items"]
        ]
        columns(rows, ("revision", "kept", "kind", "what", "size", "path"))
    else:
        columns(
            [_row(one) for one in answer["items"]], ("revision", "kept", "kind", "files", "size", "names", "remarks")
        )
        for seq in answer.get("damaged", ()):
            say(f"! revision {seq} is damaged: `slipway verify {name}` says what that affects")
        if answer["next"]:
            say(f"there are more: slipway history {name} --before {answer['next']}")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    remarks = [*one["flags"], *(["kept while files were changing"] if one["grade"] != "settled" else [])]
    if one["from"]:
        remarks.append(f"from {one['from']['workspace']} {one['from']['seq']}")
    names = ", ".join(one["names"])
    return (
        one["seq"],
        shown(one["time"]),
        one["kind"],
        one["files"],
        amount(one["bytes"]),
        names,
        ", ".join(remarks),
    )


def _size(size: int | None) -> str:
    return "-" if size is None else amount(size)


@click.command()
@click.argument("name")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B", default="newest")
@click.argument("path", default="")
@data_or_folder
@as_json
def diff(name: str, before: str, after: str, path: str, data: Path | None, volume: bool, as_json: bool) -> None:
    """Say what changed from A to B: files, lines, packages.

    B is the newest unless named. Of one file, the text.

    A and B are revisions: a number, a snapshot's name, a moment, or `newest`.

    \b
    Examples:
      slipway diff shop 4
      slipway diff shop release-1 newest
      slipway diff shop "1 hour ago" newest src/app.js
    """
    query = {"from": before, "to": after, "path": path, "text": bool(path), "data": volume}
    where = settings({"data": data})
    found = looked(
        where,
        with_query(path_of(name, "diff"), query),
        "diff",
        stream(name, volume),
        before,
        after,
        path=path,
        text=bool(path),
    )
    if as_json:
        out_json(found)
        return
    for one in found["files"]:
        out(_changed(one))
    for one in found["packages"]:
        out(f"  {one['name']}: {one['before'] or 'not there'} -> {one['after'] or 'gone'}  ({one['file']})")
    for line in (found.get("text") or "").splitlines():
        out(line, style={"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
    _sum(found)


def _changed(one: dict[str, Any]) -> str:
    lines = f"  +{one['lines_added']} -{one['lines_removed']}" if one["lines_added"] is not None else ""
    source = f"  (was {one['from']})" if one["from"] else ""
    return f"{SIGNS.get(one['what'], '?')} {one['path']}{lines}{source}"


def _sum(found: dict[str, Any]) -> None:
    counts = ", ".join(f"{count} {what}" for what, count in found["counts"].items() if count)
    grown = found["bytes"]
    say(
        f"revision {found['before']['seq']} to {found['after']['seq']}: {counts or 'no difference'}; "
        f"+{found['lines_added']} -{found['lines_removed']} lines, {'-' if grown < 0 else '+'}{amount(abs(grown))}"
        f"{'; not all of it is shown' if found['cut'] else ''}"
    )
