"""`slipway token`: who may use the dashboard and its API."""

from __future__ import annotations

import re
from pathlib import Path

import click

from monitor.cli.client import segment
from monitor.cli.options import as_json, data_folder
from monitor.cli.talk import columns, out_json, say
from monitor.cli.views import client_of
from monitor.domain.access import Scope
from monitor.domain.moments import shown

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.group()
def token() -> None:
    """Make, list and revoke tokens for the dashboard and its API."""


@token.command()
@click.option(
    "--scope",
    type=click.Choice([s.word for s in Scope]),
    default="operate",
    show_default=True,
    help="What it may do.",
)
@click.option("--ttl", metavar="TIME", help="How long it is good: 30m, 12h, 7d, 4w; for ever where not given.")
@click.option("--note", default="", help="What it is for, to recognise it later.")
@data_folder
@as_json
def new(scope: str, ttl: str | None, note: str, data: Path | None, as_json: bool) -> None:
    """Make a token and print it, this once. read sees; operate starts and stops; admin hands out tokens.

    \b
    Examples:
      slipway token new
      slipway token new --scope read --ttl 7d --note "the screen in the hall"
    """
    asked = {"scope": scope, "note": note, "ttl_s": _seconds(ttl) if ttl else None}
    made = client_of(data).post("/api/tokens", asked)
    if as_json:
        out_json(made)
        return
    say(f"token {made['id']}, scope {made['scope']}, {_until(made['expires_at'])}; it is not shown again:")
    click.echo(made["token"])


@token.command(name="list")
@data_folder
@as_json
def list_tokens(data: Path | None, as_json: bool) -> None:
    """List every token, never its secret.

    \b
    Examples:
      slipway token list
    """
    answer = client_of(data).get("/api/tokens")
    if as_json:
        out_json(answer)
        return
    rows = [
        (t["id"], t["scope"], shown(t["created_at"]), shown(t["expires_at"] or "") or "never", t["note"])
        for t in answer["items"]
    ]
    columns(rows, ("id", "scope", "created", "expires", "note"))


@token.command()
@click.argument("token_id", metavar="ID")
@data_folder
@as_json
def revoke(token_id: str, data: Path | None, as_json: bool) -> None:
    """End a token at once; its open pages are disconnected.

    \b
    Examples:
      slipway token revoke 1f2e3d4c
    """
    answer = client_of(data).delete(f"/api/tokens/{segment(token_id)}")
    if as_json:
        out_json(answer)
    else:
        say(f"token {token_id} is revoked")


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,8})([smhdw])", text)
    if not found:
        raise click.UsageError(f"--ttl {text!r} is no length of time; write 30m, 12h, 7d or 4w")
    return int(found[1]) * UNITS[found[2]]


def _until(expires_at: str | None) -> str:
    return f"good until {shown(expires_at)}" if expires_at else "good for ever"
