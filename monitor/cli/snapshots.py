"""`slipway snapshot`: moments with a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.backup_reach import ask
from monitor.cli.data_option import data_or_folder
from monitor.cli.options import as_json, settings
from monitor.cli.past_reach import acted, looked, path_of, stream, with_query
from monitor.cli.talk import amount, columns, out, out_json, say
from monitor.domain.moments import shown


@click.group()
def snapshot() -> None:
    """Name moments of a workspace, to find and keep them.

    With notes, tags and a time to live.

    Every save is kept anyway; a named one stays until its name expires or is deleted.
    """


def _span(context: click.Context, option: click.Parameter, text: str | None) -> int | None:
    from monitor.domain.durations import seconds_of

    try:
        return seconds_of(text) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


ttl = click.option("--ttl", "ttl_s", metavar="TIME", callback=_span, help="Expires after this: 12h, 7d, 4w, 24mo.")
tag_filter = click.option("--tag", help="Only those with this tag.")


@snapshot.command()
@click.argument("name")
@click.argument("snapshot")
@click.option("--note", default="", help="What it is.")
@click.option("--tag", "tags", multiple=True, help="May be repeated.")
@ttl
@click.option(
    "--revision", metavar="WHICH", help="Name this one (a number or a moment) instead of what is there now."
)
@data_or_folder
@as_json
def create(
    name: str,
    snapshot: str,
    note: str,
    tags: tuple[str, ...],
    ttl_s: int | None,
    revision: str | None,
    data: Path | None,
    volume: bool,
    as_json: bool,
) -> None:
    """Keep a workspace as it is right now, under a name.

    \b
    Examples:
      slipway snapshot create shop release-1 --note "what the customer saw" --tag release
      slipway snapshot create shop before-lunch --revision 12 --ttl 7d
    """
    body = {"name": snapshot, "note": note, "tags": list(tags), "ttl_s": ttl_s, "revision": revision}
    how: dict[str, Any] = {"revision": revision, "note": note, "tags": tags, "ttl_s": ttl_s}
    where = settings({"data": data})
    made = acted(
        where,
        "POST",
        with_query(path_of(name, "snapshots"), {"data": volume}),
        body,
        "snapshot",
        stream(name, volume),
        snapshot,
        **how,
    )
    if as_json:
        out_json(made)
    else:
        say(f"{made['name']} is revision {made['seq']} of {stream(name, volume)}{_until(made)}")
        if about_data := made.get("data"):
            said = about_data.get("error") or f"and revision {about_data['revision']} of its data"
            say(f"! its data has no such name: {said}" if about_data.get("error") else said)


@snapshot.command(name="list")
@click.argument("name")
@click.option("--tree", is_flag=True, help="Show what descends from what: restores and forks are branches.")
@click.option("--all", "whole", is_flag=True, help="With --tree: every single revision.")
@tag_filter
@data_or_folder
@as_json
def list_(
    name: str, tree: bool, whole: bool, tag: str | None, data: Path | None, volume: bool, as_json: bool
) -> None:
    """List the snapshots of the workspace NAME.

    \b
    Examples:
      slipway snapshot list shop
      slipway snapshot list shop --tree
      slipway snapshot list shop --tag release --json
      slipway snapshot list shop --data
    """
    where = settings({"data": data})
    if tree:
        answer = looked(
            where,
            with_query(path_of(name, "tree"), {"whole": whole, "data": volume}),
            "tree",
            stream(name, volume),
            whole=whole,
        )
    else:
        answer = looked(
            where,
            with_query(path_of(name, "snapshots"), {"tag": tag, "data": volume}),
            "listed",
            stream(name, volume),
            tag=tag,
        )
    if as_json:
        out_json(answer)
    elif tree:
        for line in answer["lines"]:
            out(line)
    else:
        rows = [
            (
                one["name"],
                one["seq"],
                shown(one["time"] or "") or "gone",
                _expiry(one),
                ",".join(one["tags"]),
                _first(one["note"]),
            )
            for one in answer["items"]
        ]
        columns(rows, ("name", "revision", "kept", "expires", "tags", "note"))


@snapshot.command()
@click.argument("name")
@click.argument("snapshot")
@data_or_folder
@as_json
def show(name: str, snapshot: str, data: Path | None, volume: bool, as_json: bool) -> None:
    """Show all there is to one snapshot.

    \b
    Examples:
      slipway snapshot show shop release-1
    """
    path = with_query(path_of(name, "snapshots", snapshot), {"data": volume})
    one = looked(settings({"data": data}), path, "shown", stream(name, volume), snapshot)
    if as_json:
        out_json(one)
        return
    out(one["name"], style="bold")
    gone = "its revision is gone"
    what = f"{one['files']} files, {amount(one['bytes'])}, {one['grade']}" if one["time"] else gone
    for label, text in (
        ("revision", f"{one['seq']} ({one['kind'] or gone})"),
        ("kept", shown(one["time"] or "") or "gone"),
        ("named", shown(one["made_at"])),
        ("expires", _expiry(one)),
        ("holds", what),
        ("tags", ", ".join(one["tags"])),
        ("note", one["note"]),
    ):
        if text:
            out(f"  {label}: {text}")


@snapshot.command()
@click.argument("name")
@click.argument("snapshot")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_or_folder
@as_json
def delete(name: str, snapshot: str, yes: bool, data: Path | None, volume: bool, as_json: bool) -> None:
    """Remove a name.

    The revision it names stays as long as retention keeps it.

    \b
    Examples:
      slipway snapshot delete shop release-1 --yes
    """
    if not yes:
        ask(f"Delete the snapshot {snapshot} of {name}?")
    path = with_query(path_of(name, "snapshots", snapshot), {"data": volume})
    done = acted(settings({"data": data}), "DELETE", path, {}, "delete_snapshot", stream(name, volume), snapshot)
    _told(done, as_json, f"{snapshot} is deleted; revision {done['seq']} stays as long as retention keeps it")


@snapshot.command()
@click.argument("name")
@click.argument("snapshot")
@click.argument("tags", nargs=-1)
@click.option("--remove", "gone", multiple=True, metavar="TAG", help="Take a tag away; may be repeated.")
@data_or_folder
@as_json
def tag(
    name: str,
    snapshot: str,
    tags: tuple[str, ...],
    gone: tuple[str, ...],
    data: Path | None,
    volume: bool,
    as_json: bool,
) -> None:
    """Add TAGS to a snapshot, or take them away.

    \b
    Examples:
      slipway snapshot tag shop release-1 release customer
      slipway snapshot tag shop release-1 --remove draft
    """
    changes = {"add_tags": list(tags), "remove_tags": list(gone)}
    done = _changed(data, name, snapshot, changes, volume)
    _told(done, as_json, f"{snapshot} has the tags {', '.join(done['tags']) or 'none'}")


@snapshot.command()
@click.argument("name")
@click.argument("snapshot")
@click.argument("note", required=False)
@ttl
@click.option("--forever", is_flag=True, help="It no longer expires.")
@data_or_folder
@as_json
def note(
    name: str,
    snapshot: str,
    note: str | None,
    ttl_s: int | None,
    forever: bool,
    data: Path | None,
    volume: bool,
    as_json: bool,
) -> None:
    """Give a snapshot another note or time to live.

    The time is counted from now.

    \b
    Examples:
      slipway snapshot note shop release-1 "what the customer saw"
      slipway snapshot note shop release-1 --forever
    """
    changes = {"note": note, "ttl_s": ttl_s, "forever": forever}
    done = _changed(data, name, snapshot, changes, volume)
    _told(done, as_json, f"{snapshot} is noted{_until(done)}")


def _changed(data: Path | None, name: str, snapshot: str, changes: dict[str, Any], volume: bool) -> dict[str, Any]:
    path = with_query(path_of(name, "snapshots", snapshot), {"data": volume})
    about = stream(name, volume)
    return acted(settings({"data": data}), "PATCH", path, changes, "change_snapshot", about, snapshot, changes)


def _told(done: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        out_json(done)
    else:
        say(sentence)


def _until(one: dict[str, Any]) -> str:
    return f", until {shown(one['expires_at'])}" if one["expires_at"] else ""


def _expiry(one: dict[str, Any]) -> str:
    return f"{shown(one['expires_at'] or '') or 'never'}{' (expired)' if one['expired'] else ''}"


def _first(note: str) -> str:
    return note.partition("\n")[0]
