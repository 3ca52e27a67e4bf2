"""`slipway backup`: copies elsewhere, made, looked at, read back, and brought home again."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.backup_places import add, remove, seed
from monitor.cli.backup_reach import job, offline, runs
from monitor.cli.backup_talk import remarks, show_run, show_verified, told
from monitor.cli.client import Client, segment
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import columns, out_json, say
from monitor.domain.destinations import PRIMARY
from monitor.domain.moments import shown

MODES = click.Choice(["mirror", "incremental"])

workspaces = click.option(
    "--workspace", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated."
)
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")


@click.group()
def backup() -> None:
    """Keep copies of the history elsewhere.

    On S3 servers, in folders, on a NAS. The primary is the store Slipway itself writes to; destinations are copies
    of it.
    """


@backup.command(name="list")
@data_folder
@as_json
def list_(data: Path | None, as_json: bool) -> None:
    """List every destination.

    How far its copy is, and when it was last read back.

    \b
    Examples:
      slipway backup list
      slipway backup list --json | jq '.items[] | {name, lag_s, verified_at}'
    """
    where = settings({"data": data})
    items = Client(where.data).get("/api/destinations")["items"] if runs(where) else offline(where, "listed")
    if as_json:
        out_json({"items": items})
        return
    rows = [
        (
            one["name"],
            one["mode"],
            shown(one["complete_at"] or "") or "never",
            shown(one["verified_at"] or "") or "never",
            one["state"],
            one["where"],
        )
        for one in items
    ]
    columns(rows, ("name", "mode", "complete", "verified", "state", "where"))
    if not items:
        say("no copy elsewhere yet: `slipway backup add NAME --path FOLDER` (or --endpoint URL) makes one")
    for one in items:
        for sentence in remarks(one):
            say(f"! {one['name']}: {sentence}")


@backup.command()
@click.argument("destination", default=PRIMARY)
@click.option(
    "--mode", type=MODES, help="incremental only adds; mirror also removes what is gone, after a day at least."
)
@workspaces
@click.option("--start-over", is_flag=True, help="The destination is empty now, and is to be filled anew.")
@click.option("--confirm", is_flag=True, help="Whatever is gone is meant to be.")
@dry_run
@data_folder
@as_json
def run(
    destination: str,
    mode: str | None,
    names: tuple[str, ...],
    start_over: bool,
    confirm: bool,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> int:
    """Back up now.

    Without DESTINATION to the primary: every workspace as it stands becomes a revision. Works with the monitor
    running and without. What could not be kept is named (exit code 3).

    \b
    Examples:
      slipway backup run
      slipway backup run nas --dry-run
      slipway backup run nas --mode mirror --workspace shop
    """
    where = settings({"data": data})
    body = {"workspaces": list(names), "dry_run": dry_run, "start_over": start_over, "confirm": confirm}
    if runs(where):
        result = job(where, f"/api/destinations/{segment(destination)}/run", {**body, "mode": mode})
    else:
        # Imported here: every other command would wait for what only this one needs.
        from monitor.domain.destinations import Mode
        from monitor.services.destinations.backups import Asked

        asked = Asked(Mode(mode) if mode else None, names, dry_run, start_over, confirm)
        result = offline(where, "run", destination, asked, doing=f"backup to {destination}")
    return told(result, as_json, show_run)


@backup.command()
@click.argument("destination")
@workspaces
@click.option("--repair/--no-repair", default=True, help="Give what is damaged the primary's bytes.")
@data_folder
@as_json
def verify(destination: str, names: tuple[str, ...], repair: bool, data: Path | None, as_json: bool) -> int:
    """Read everything at a destination back, and compare.

    \b
    Examples:
      slipway backup verify nas
      slipway backup verify nas --no-repair --json
    """
    where = settings({"data": data})
    if runs(where):
        body = {"workspaces": list(names), "repair": repair}
        result = job(where, f"/api/destinations/{segment(destination)}/verify", body)
    else:
        result = offline(where, "verify", destination, names, repair, doing=f"reading {destination} back")
    return told(result, as_json, show_verified)


@backup.command()
@click.argument("destination")
@data_folder
@as_json
def confirm(destination: str, data: Path | None, as_json: bool) -> None:
    """Say that what is gone from the primary is meant to be.

    The mirror there may lose it too.

    \b
    Examples:
      slipway backup confirm nas
    """
    where = settings({"data": data})
    if runs(where):
        result = Client(where.data).post(f"/api/destinations/{segment(destination)}/confirm")
    else:
        result = offline(where, "confirm", destination)
    if as_json:
        out_json(result)
    else:
        say(f"confirmed: {', '.join(result['confirmed']) or 'nothing was waiting'}")


for command in (add, remove, seed):
    backup.add_command(command)
