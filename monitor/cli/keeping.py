"""`slipway sync`, `fork`, `verify`, `retention` and `purge`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.backup_reach import ask, job, offline, runs
from monitor.cli.client import Client
from monitor.cli.data_option import data_or_folder
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.past_reach import acted, path_of, stream, with_query
from monitor.cli.talk import amount, out, out_json, say
from monitor.domain.moments import shown
from monitor.errors import Incomplete, NotFound, Refused
from monitor.settings import Settings


@click.command()
@click.argument("name")
@click.option(
    "--push/--pull", default=True, help="Keep what is here (the default), or bring what changed at the remote."
)
@click.option("--confirm-deletes", is_flag=True, help="What vanished all at once is meant to be gone.")
@data_or_folder
@as_json
def sync(name: str, push: bool, confirm_deletes: bool, data: Path | None, volume: bool, as_json: bool) -> int:
    """Keep a workspace as it is right now.

    Every save is kept by itself within a second; this waits until the store has it, for scripts that must know. A
    workspace with `git:` in its slipway.yaml is also pushed. --pull brings what changed at its remote: with a file
    changed on both sides nothing is written, and the files in conflict are named (exit code 5).

    \b
    Examples:
      slipway sync shop
      slipway sync shop --pull
      slipway sync shop --confirm-deletes
      slipway sync shop --data
    """
    where = settings({"data": data})
    if volume:
        _sync_data(where, name, as_json)
        return 0
    if confirm_deletes:
        confirmed = acted(where, "POST", path_of(name, "confirm-deletes"), {}, "confirm_deletes", name)
        say(f"confirmed: {confirmed['mirror']} files may leave the mirror")
    direction = "push" if push else "pull"
    if runs(where):
        done = job(where, path_of(name, "sync"), {"direction": direction})
    else:
        from monitor.app.git import sync as sync_offline

        done = dict(offline(where, sync_offline, name, direction, doing=name))
    if as_json:
        out_json(done)
    elif push:
        say(f"{name} is kept: revision {done['revision']}, {shown(done['kept_at'])}, {_files(done)}")
        if done["waiting"]:
            say(f"! {done['waiting']}: `slipway sync {name} --confirm-deletes`")
        _lines(done.get("git") or {"lines": []})
    else:
        _lines(done)
    if done.get("conflicts"):
        return Refused.exit_code
    return Incomplete.exit_code if done.get("problems") else 0


def _sync_data(where: Settings, name: str, as_json: bool) -> None:
    if not runs(where):
        raise Refused("data volumes are kept beside a running monitor only", hint="start it with `slipway up`")
    done = job(where, path_of(name, "sync"), {"data": True})
    if as_json:
        out_json(done)
        return
    if done["revision"] is None:
        say(f"{name} has no data yet: its app has written nothing to its data volume")
        return
    what = f"revision {done['revision']} of its data, {shown(done['kept_at'])}, {_files(done)}"
    say(f"{name} is kept: {what}" if done["new"] else f"nothing changed since {what}")
    for path in done["busy"]:
        say(f"! {path} was changing, or could not be read")


@click.command()
@click.argument("name")
@click.argument("as_name", metavar="AS")
@click.option("--at", metavar="TIME", help="As it was at this moment.")
@click.option("--revision", type=click.IntRange(1), help="As it was in this revision.")
@click.option("--snapshot", metavar="SNAPSHOT", help="As it was in this snapshot.")
@click.option("--with-data", is_flag=True, help="With what its data volume holds now, or held at --at.")
@data_folder
@as_json
def fork(name: str, as_name: str, with_data: bool, data: Path | None, as_json: bool, **moment: Any) -> int:
    """Make a new workspace of one, as it is or as it was.

    Files that are never kept (.env, node_modules) are not in it. Its data volume begins empty unless you say so.

    \b
    Examples:
      slipway fork shop shop-experiment
      slipway fork shop shop-last-week --at "7 days ago"
      slipway fork shop shop-staging --with-data
    """
    if sum(value is not None for value in moment.values()) > 1:
        raise click.UsageError("say to when by one of --at, --revision and --snapshot")
    where = settings({"data": data})
    if with_data and not runs(where):
        raise Refused("data volumes are copied beside a running monitor only", hint="start it with `slipway up`")
    body = {"as": as_name, **moment, **({"with_data": True} if with_data else {})}
    done = acted(where, "POST", path_of(name, "fork"), body, "fork", name, as_name, **moment)
    if as_json:
        out_json(done)
    else:
        _lines(done)
        _lines(done.get("data") or {"lines": ["there was no data to copy"] if with_data else []})
    return Incomplete.exit_code if done["incomplete"] else 0


@click.command()
@click.argument("name", required=False)
@click.option("--read-data", is_flag=True, help="Read every byte of every object, not only what describes them.")
@data_or_folder
@as_json
def verify(name: str | None, read_data: bool, data: Path | None, volume: bool, as_json: bool) -> int:
    """Check that everything that was kept is there and whole.

    Without NAME: of every workspace. Damage is named object by object, with the revisions and files it hurts (exit
    code 3).

    \b
    Examples:
      slipway verify shop
      slipway verify --read-data
    """
    where = settings({"data": data})
    if runs(where):
        names = [name] if name else _kept(Client(where.data))
        asked = {"read_data": read_data}
        about = [
            (one, about_data) for one in names for about_data in _streams(where, one, volume, everything=not name)
        ]
        items = [job(where, with_query(path_of(one, "verify"), {"data": it}), asked) for one, it in about]
    else:
        from monitor.app.past import verify as verify_offline

        items = offline(where, verify_offline, name and stream(name, volume), read_data=read_data, doing="verifying")
    if as_json:
        out_json(items[0] if name else {"items": items})
    else:
        for one in items:
            _lines(one)
    return 0 if all(one["whole"] for one in items) else Incomplete.exit_code


def _streams(where: Settings, name: str, volume: bool, *, everything: bool) -> list[bool]:
    """Which of a workspace's streams are meant: its source (False), its data (True), or all there are."""
    if not everything:
        return [volume]
    try:
        Client(where.data).get(with_query(path_of(name, "revisions"), {"data": True, "limit": 1}))
    except NotFound:
        return [False]
    return [False, True]


def _kept(client: Client) -> list[str]:
    there = [one["name"] for one in client.get("/api/workspaces")["items"]]
    return sorted({*there, *(one["name"] for one in client.get("/api/workspaces?deleted=true")["items"])})


@click.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Say what would stay and go, and why; change nothing.")
@data_or_folder
@as_json
def retention(name: str, dry_run: bool, data: Path | None, volume: bool, as_json: bool) -> None:
    """Apply retention now, and remove what nothing needs.

    A running monitor does so every hour. What is to go is condemned first, and removed a day later at the earliest.

    \b
    Examples:
      slipway retention shop --dry-run
      slipway retention shop
    """
    where = settings({"data": data})
    if dry_run and runs(where):
        done = dict(Client(where.data).get(with_query(path_of(name, "retention"), {"data": volume})))
    else:
        path = with_query(path_of(name, "retention"), {"data": volume})
        done = acted(where, "POST", path, {}, "collect", stream(name, volume), dry_run=dry_run)
    if as_json:
        out_json(done)
    else:
        _lines(done)


@click.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Say how much would be removed; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_folder
@as_json
def purge(name: str, dry_run: bool, yes: bool, data: Path | None, as_json: bool) -> None:
    """Remove all that is kept of a deleted workspace, for good.

    It cannot be undone. History, snapshots, mirror and data volume go; copies at destinations stay there. Needs a
    running monitor.

    \b
    Examples:
      slipway purge old-shop --dry-run
      slipway purge old-shop --yes
    """
    where = settings({"data": data})
    plan = _purge(where, name, {"dry_run": True})
    if not (plan["revisions"] or plan["objects"] or plan.get("data")):
        raise NotFound(f"nothing of {name!r} is kept", hint="`slipway list --deleted` shows what is")
    if not dry_run and not yes:
        size = f"{plan['revisions']} revisions, {plan['objects']} objects, {amount(plan['bytes'])}"
        ask(f"Remove all that is kept of {name} for good ({size})?")
    done = plan if dry_run else _purge(where, name, {"confirm": name})
    if as_json:
        out_json(done)
        return
    verb = "would be" if dry_run else "are"
    objects = f"{done['objects']} objects ({amount(done['bytes'])})"
    out(f"{name}: {done['revisions']} revisions, {objects} {verb} removed for good")


def _purge(where: Settings, name: str, body: dict[str, Any]) -> dict[str, Any]:
    return job(where, path_of(name, "purge"), body)


def _files(done: dict[str, Any]) -> str:
    return f"{done['files']} file{'' if done['files'] == 1 else 's'}"


def _lines(done: dict[str, Any]) -> None:
    for line in done["lines"]:
        out(line)
