"""`slipway restore`: a workspace, or all of them, as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.backup_reach import ask, job, offline, runs
from monitor.cli.client import segment
from monitor.cli.data_option import data_or_folder
from monitor.cli.options import as_json, settings
from monitor.cli.past_reach import stream
from monitor.cli.talk import out, out_json, say
from monitor.domain.destinations import PRIMARY
from monitor.errors import Incomplete, Refused
from monitor.settings import Settings


@click.command()
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="Every workspace that is kept; with --at.")
@click.option("--at", metavar="TIME", help='A moment: "2024-01-15 10:30:00", "10 minutes ago"; local unless it says.')
@click.option("--revision", type=click.IntRange(1), help="A revision's number.")
@click.option("--snapshot", metavar="NAME", help="A snapshot's name.")
@click.option(
    "--mode",
    type=click.Choice(["mirror", "merge"]),
    default="mirror",
    show_default=True,
    help="mirror: exactly as it was; merge: adds and overwrites, deletes nothing.",
)
@click.option("--path", default="", help="Only this file or folder of it.")
@click.option("--into", type=click.Path(path_type=Path), help="Into this folder instead.")
@click.option("--as", "as_name", metavar="NAME", help="As a new workspace.")
@click.option("--destination", default=PRIMARY, show_default=True, help="Straight from this copy.")
@click.option("--force", is_flag=True, help="An expired snapshot too.")
@click.option("--dry-run", is_flag=True, help="Print the plan; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_or_folder
@as_json
def restore(
    name: str | None,
    everything: bool,
    dry_run: bool,
    yes: bool,
    data: Path | None,
    volume: bool,
    as_json: bool,
    **wish: Any,
) -> int:
    """Put a workspace back to how it was.

    What is there now becomes a revision first; files that are never kept (.env, node_modules) are not touched.
    A deleted workspace needs no moment: it comes back as it was last. Works with the monitor running and without;
    with the primary gone, from a destination. With --data its data volume is put back, and its source stays as it is.

    \b
    Examples:
      slipway restore shop --at "10 minutes ago" --dry-run
      slipway restore shop --revision 12 --path src/app.js
      slipway restore shop --snapshot release --as shop-2
      slipway restore deleted-shop --yes
      slipway restore shop --data --at "1 hour ago"
      slipway restore --all --at "2024-01-15 10:30:00" --destination nas --yes
    """
    if bool(name) is everything:
        raise click.UsageError("name one workspace, or say --all")
    if everything and wish["at"] is None:
        raise click.UsageError("--all goes to a moment: add --at")
    if volume and everything:
        raise click.UsageError("--data is put back for one workspace at a time")
    if sum(wish[key] is not None for key in ("at", "revision", "snapshot")) > 1:
        raise click.UsageError("say to when by one of --at, --revision and --snapshot")
    if wish["into"] is not None:
        wish["into"] = wish["into"].absolute()
    if not (yes or dry_run or wish["into"] or wish["as_name"]):
        ask(f"Restore {'the data of ' if volume else ''}{name or 'all workspaces'}?")
    result = _carried_out(settings({"data": data}), name, {**wish, "dry_run": dry_run}, volume)
    items = result.get("items", [result])
    if as_json:
        out_json(result)
    else:
        for item in items:
            _show(item)
    for problem in result.get("problems", ()):
        say(f"! {problem}")
    wrong = result.get("problems") or any(item.get("incomplete") for item in items)
    return Incomplete.exit_code if wrong else 0


def _carried_out(where: Settings, name: str | None, wish: dict[str, Any], volume: bool) -> dict[str, Any]:
    if runs(where):
        into, as_name = wish.pop("into"), wish.pop("as_name")
        body = {**wish, "into": str(into) if into else None, "as": as_name, **({"data": True} if volume else {})}
        return job(where, f"/api/workspaces/{segment(name)}/restore" if name else "/api/restore", body)
    # Imported here: every other command would wait for what only this one needs.
    from monitor.app.restoring import restore as restore_offline
    from monitor.domain.restoring.plan import Mode
    from monitor.services.restore.restoring import Asked

    if volume and wish["into"] is None:
        raise Refused(
            "data volumes are put back beside a running monitor only",
            hint="start it with `slipway up`, or restore --into a folder",
        )
    name = stream(name or "", volume) or None
    asked = Asked(**{**wish, "mode": Mode(wish["mode"])})
    done: dict[str, Any] = offline(
        where, restore_offline, name, (), asked, doing=f"restoring {name or 'all workspaces'}"
    )
    return done


def _show(item: dict[str, Any]) -> None:
    if item.get("skipped"):
        out(f"{item['workspace']}: left as it is: {item['skipped']}")
    for line in item.get("lines", ()):
        out(line)
