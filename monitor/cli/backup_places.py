"""`slipway backup add`, `remove` and `seed`: which places there are, and coming home from one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from monitor.cli.backup_reach import ask, offline, runs
from monitor.cli.backup_talk import show_run, told
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import out_json, say
from monitor.errors import Refused, UsageError

MODES = click.Choice(["mirror", "incremental"])


def destination_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What describes a destination."""
    for option in reversed(
        (
            click.option("--path", help="A folder, absolute; it must exist, since an unmounted share is not filled."),
            click.option("--endpoint", help="An S3 server's URL; left out for AWS."),
            click.option("--bucket", help="A bucket; made where it is not there."),
            click.option("--prefix", help="A folder inside, where it is shared with others."),
            click.option("--region", help="The S3 server's region; R2 wants `auto`."),
            click.option("--access-key", envvar="SLIPWAY_DESTINATION_ACCESS_KEY", help="S3 access key."),
            click.option(
                "--secret-key",
                envvar="SLIPWAY_DESTINATION_SECRET_KEY",
                help="S3 secret key; asked for on a terminal.",
            ),
            click.option("--mode", type=MODES, help="incremental (the default) only adds; mirror also removes."),
            click.option("--every", metavar="TIME", help="How often: 15m, 1h (the default), 1d."),
            click.option("--verify-every", metavar="TIME", help="How often all of it is read back: 7d."),
            click.option("--grace", metavar="TIME", help="How long removals wait in a mirror: 24h at least."),
        )
    ):
        command = option(command)
    return command


@click.command()
@click.argument("name")
@destination_options
@data_folder
@as_json
def add(name: str, data: Path | None, as_json: bool, **fields: str | None) -> None:
    """Add a destination to `slipway.toml`.

    A running monitor takes it up within seconds.

    \b
    Examples:
      slipway backup add nas --path /mnt/nas/slipway
      slipway backup add r2 --endpoint https://ID.r2.cloudflarestorage.com --region auto --bucket copies \\
        --access-key AK --mode mirror --every 6h
    """
    from monitor.app.backing_up import add as write

    where = settings({"data": data})
    write(where, _table(name, fields))
    if as_json:
        out_json({"name": name, "added": True})
    else:
        say(f"{name} is in {where.data / 'slipway.toml'}; `slipway backup run {name}` copies to it now")
        if fields["path"] and not Path(fields["path"]).is_dir():
            say(f"! {fields['path']} is not there: nothing is copied until it is")


@click.command()
@click.argument("name")
@data_folder
@as_json
def remove(name: str, data: Path | None, as_json: bool) -> None:
    """Take a destination out of `slipway.toml`.

    What was copied there stays, and a running monitor copies no more.

    \b
    Examples:
      slipway backup remove nas
    """
    from monitor.app.backing_up import remove as write

    write(settings({"data": data}), name)
    if as_json:
        out_json({"name": name, "removed": True})
    else:
        say(f"{name} is removed; what was copied there stays")


@click.command()
@click.argument("name")
@destination_options
@click.option("--workspace", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--folders/--no-folders", default=True, help="Also restore the workspaces that are not on disk.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_folder
@as_json
def seed(
    name: str,
    names: tuple[str, ...],
    folders: bool,
    dry_run: bool,
    yes: bool,
    data: Path | None,
    as_json: bool,
    **fields: str | None,
) -> int:
    """Bring everything back from a destination when the primary is gone.

    The destination is one of `slipway.toml`, or is described right here. The monitor must not run. Cut off, it is
    simply called again.

    \b
    Examples:
      slipway backup seed nas
      slipway backup seed nas --path /mnt/nas/slipway --yes
      slipway backup seed r2 --dry-run
    """
    from monitor.app.backing_up import add as write
    from monitor.destination_settings import destinations_in

    where = settings({"data": data})
    if runs(where):
        raise Refused("the monitor runs: what it writes now would part from the history", hint="stop it first")
    there = next((one for one in destinations_in(where.data) if one.name == name), None)
    if there is None and any(fields.values()):
        write(where, _table(name, fields))
    elif there is not None and (other := there.differs(fields)):
        raise UsageError(
            f"{name} stands in slipway.toml with another {other.replace('_', ' ')}",
            hint="leave the options out to take what stands there, or give the place another name",
        )
    if not (yes or dry_run):
        ask(f"Bring the history back from {name} into {where.data}?")
    result = offline(where, "seed", name, names, dry_run=dry_run, folders=folders, doing=f"seeding from {name}")
    return told(result, as_json, show_run)


def _table(name: str, fields: dict[str, str | None]) -> dict[str, Any]:
    given = {key: value for key, value in fields.items() if value}
    kind = "folder" if "path" in given else "s3"
    if kind == "s3" and "access_key" in given and "secret_key" not in given and sys.stdin.isatty():
        given["secret_key"] = click.prompt("secret key", hide_input=True, err=True)
    return {"name": name, "kind": kind, **given}
