"""`slipway status`, `list` and `logs`: what the running monitor knows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from monitor.cli.client import Client, segment
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import amount, columns, out, out_json, say
from monitor.domain.durations import span
from monitor.domain.moments import shown

FOLLOW_S = 1.0
FOLLOWED_LINES = 2000


def client_of(folder: Path | None) -> Client:
    """The monitor of the data folder in force."""
    return Client(settings({"data": folder}).data)


@click.command()
@click.argument("name", required=False)
@data_folder
@as_json
def status(name: str | None, data: Path | None, as_json: bool) -> None:
    """Show how everything is doing.

    With NAME: all that is known of one workspace.

    \b
    Examples:
      slipway status
      slipway status shop --json
    """
    client = client_of(data)
    answer = client.get(f"/api/workspaces/{segment(name)}") if name else client.get("/api/status")
    if as_json:
        out_json(answer)
    elif name:
        _show_workspace(answer)
    else:
        _show_status(answer)


def _show_status(answer: dict[str, Any]) -> None:
    phases = ", ".join(f"{count} {phase}" for phase, count in answer["workspaces"].items()) or "none yet"
    rows = [(key, answer[key]) for key in ("version", "engine", "router", "store")]
    columns([*rows, ("up for", span(round(answer["uptime_s"]))), ("workspaces", phases)], ("what", "now"))
    for sentence in answer.get("banners", {}).values():
        say(f"! {sentence}")
    if answer.get("protected") is False:
        say("! not protected against disk loss: `slipway backup add` names a second place for everything")


def _show_workspace(state: dict[str, Any]) -> None:
    out(f"{state['name']}: {state['phase']} ({state['type']})", style="bold")
    for label, text in (
        ("why", state["reason"]),
        ("try", state["hint"] or _answered(state)),
        ("url", state["url"]),
        ("own address", state["host_url"]),
        ("kept", _kept(state["sync"])),
    ):
        if text:
            out(f"  {label}: {text}")
    _show_prefix(state.get("prefix"))
    for line in (*state["evidence"], *state["warnings"]):
        out(f"  - {line}")
    failure = state["failure"] or {}
    if failure.get("listening"):
        out(f"  listens on: {', '.join(failure['listening'])}")
    for line in failure.get("log") or failure.get("before") or ():
        out(f"  | {line}")


def _answered(state: dict[str, Any]) -> str:
    meant = f"`slipway sync {state['name']} --confirm-deletes` where that is meant, `slipway restore` where not"
    return meant if state["sync"]["waiting"] else ""


def _show_prefix(prefix: dict[str, Any] | None) -> None:
    if not prefix:
        return
    out(f"  prefix: {prefix['text']}")
    for sentence in (*prefix["failed"], *([prefix["hint"]] if prefix["hint"] else [])):
        out(f"  ! {sentence}")
    if prefix["told"]:
        out(f"  told by: {prefix['told']}{'; answers put right on the way' if prefix['hop'] else ''}")


def _kept(sync: dict[str, Any]) -> str:
    when = shown(sync["kept_at"]) if sync["kept_at"] else "not yet"
    pending = f", {sync['pending']} file{'s' if sync['pending'] != 1 else ''} pending" if sync["pending"] else ""
    trouble = sync["waiting"] or sync["error"]
    return when + pending + (f": {trouble}" if trouble else "")


@click.command(name="list")
@click.option("--deleted", is_flag=True, help="Those whose folder is gone, and what would bring them back.")
@data_folder
@as_json
def list_(deleted: bool, data: Path | None, as_json: bool) -> None:
    """List every workspace.

    \b
    Examples:
      slipway list
      slipway list --deleted
      slipway list --json | jq -r '.items[] | select(.phase == "failed") | .name'
    """
    if deleted:
        list_deleted(data, as_json)
        return
    answer = client_of(data).get("/api/workspaces")
    if as_json:
        out_json(answer)
        return
    rows = [(w["name"], w["phase"], w["type"], w["url"], w["reason"]) for w in answer["items"]]
    columns(rows, ("name", "phase", "type", "url", "why"))
    for state in answer["items"]:
        for sentence in state["warnings"]:
            say(f"! {state['name']}: {sentence}")
    for folder in answer["unnamed"]:
        say(f"! the folder {folder['folder']} cannot be a workspace: {folder['reason']}")


def list_deleted(data: Path | None, as_json: bool) -> None:
    """What was kept of workspaces that are gone; with the monitor down too."""
    # Imported here: they import this module.
    from monitor.cli.past_reach import looked

    answer = looked(settings({"data": data}), "/api/workspaces?deleted=true", "deleted")
    if as_json:
        out_json(answer)
        return
    rows = [
        (
            one["name"],
            shown(one["deleted_at"] or "") or "unseen",
            one["revision"],
            one["files"],
            amount(one["bytes"]),
        )
        for one in answer["items"]
    ]
    columns(rows, ("name", "deleted", "revision", "files", "size"))
    for name in answer.get("damaged", ()):
        say(f"! the history of {name} is damaged: `slipway verify {name}` says what that affects")
    if rows:
        say("`slipway restore NAME` brings one back, `slipway purge NAME` removes it for good")


@click.command()
@click.argument("name", required=False)
@click.option("-n", "--lines", type=click.IntRange(1, 2000), default=200, show_default=True, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is printed next, until Ctrl-C.")
@data_folder
@as_json
def logs(name: str | None, lines: int, follow: bool, data: Path | None, as_json: bool) -> None:
    """Show what a workspace printed last.

    Without NAME: the monitor's own log.

    \b
    Examples:
      slipway logs shop
      slipway logs shop -n 20 -f
      slipway logs
    """
    if follow and as_json:
        raise click.UsageError("--follow prints lines as they come; it has no JSON form")
    client = client_of(data)
    path = f"/api/workspaces/{segment(name)}/logs" if name else "/api/logs"
    if follow:
        _follow(client, path, lines)
        return
    answer = client.get(f"{path}?lines={lines}")
    if as_json:
        out_json(answer)
    else:
        _print(answer["lines"])


def _follow(client: Client, path: str, lines: int) -> None:
    """Always asks for the same window, so that a line printed twice is told from one seen twice."""
    window = f"{path}?lines={FOLLOWED_LINES}"
    seen = client.get(window)["lines"]
    _print(seen[-lines:])
    while True:
        time.sleep(FOLLOW_S)
        now = client.get(window)["lines"]
        _print(newer(seen, now))
        seen = now


def newer(seen: list[str], now: list[str]) -> list[str]:
    """What came since: `now` begins with the longest end of `seen` that still is in the window of last lines."""
    for gone in range(len(seen) + 1):
        left = len(seen) - gone
        if now[:left] == seen[gone:]:
            return now[left:]
    return now


def _print(lines: list[str]) -> None:
    for line in lines:
        out(line)
