"""`slipway run`: a command in a copy of a workspace, its output as it comes, its exit code as ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.client import Client, segment, told
from monitor.cli.options import as_json, data_folder
from monitor.cli.talk import out, out_json, say
from monitor.cli.views import client_of
from monitor.errors import Incomplete, SlipwayError


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT]...")
@click.option("--keep", is_flag=True, help="Bring what it changed in the source back, as one revision.")
@click.option("--timeout", type=click.FloatRange(1, 86_400), metavar="SECONDS", help="End it after so long [600].")
@data_folder
@as_json
def run(
    name: str, command: tuple[str, ...], keep: bool, timeout: float | None, data: Path | None, as_json: bool
) -> int:
    """Run a command in a copy of a workspace.

    It has the workspace's interpreter, dependencies and data, and no server.

    What serves is left alone, and the folder stays as it is unless --keep says otherwise: then changed source comes
    back, except what is never kept, and except what somebody else changed meanwhile (exit code 3). Otherwise it ends
    with the command's own exit code. Put -- before the command.

    \b
    Examples:
      slipway run shop -- npm test
      slipway run blog --keep -- sh -c 'npx prettier --write src'
      slipway run api --timeout 60 -- python manage.py migrate
    """
    client = client_of(data)
    body: dict[str, Any] = {"argv": list(command), "keep": keep, "timeout_s": timeout}
    job = client.post(f"/api/workspaces/{segment(name)}/run", {k: v for k, v in body.items() if v is not None})
    try:
        last = _followed(client, job["id"], quiet=as_json)
    except KeyboardInterrupt:
        client.delete(f"/api/jobs/{job['id']}")
        raise
    if last["state"] != "done":
        raise told(last["error"] or {"message": "the command was cancelled"})
    result = last["result"]
    if as_json:
        out_json(result)
    code = int(result["exit_code"])
    return code or (_kept(name, result["kept"]) if result["kept"] else 0)


def _followed(client: Client, job: str, *, quiet: bool) -> dict[str, Any]:
    for line in client.stream(f"/api/jobs/{job}/log"):
        if line.get("end"):
            return dict(line)
        if not quiet:
            out(line["text"])
    raise SlipwayError("the monitor ended before the command did", hint="`slipway status` says whether it runs again")


def _kept(name: str, kept: dict[str, Any]) -> int:
    changed = f"{kept['written_count']} written, {kept['removed_count']} removed"
    say(f"{name}: {changed}" + (f" (revision {kept['revision']})" if kept["revision"] else ""))
    for one in kept["left_out"]:
        say(f"! {one['path']} does not come back: {one['reason']}")
    for path in kept["conflicts"]:
        say(f"! {path} was changed meanwhile and stays as it is")
    for one in kept["problems"]:
        say(f"! {one['path']} could not be placed: {one['reason']}")
    return Incomplete.exit_code if kept["conflicts"] or kept["problems"] else 0
